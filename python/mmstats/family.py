"""Fields that differ in their attributes only: one handle for each set of values."""


class Family:
    """Gives the handles. A new set of values is added to the file, and stays in it."""

    def __init__(self, instance, field, name):
        self._instance, self._field, self._name = instance, field, name
        self._handles = {}

    def labels(self, *values, **named):
        """The handle for these values, in the order of the names or by name.

        ValueError: they are not the names that the field was declared with.
        """
        names = self._field.names
        if named:
            if values or named.keys() != set(names):
                raise ValueError("%s has the attributes %s" % (self._name, ", ".join(names)))
            values = [named[name] for name in names]
        key = tuple(map(str, values))
        handle = self._handles.get(key)
        if handle is None:
            if len(key) != len(names):
                raise ValueError("%s has the attributes %s" % (self._name, ", ".join(names)))
            attributes = dict(zip(names, key))
            handle = self._instance._add_later(self._handles, key, self._field, self._name, attributes)
        return handle
