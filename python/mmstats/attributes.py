"""Labels that end with attributes, as Prometheus writes them: ``requests{route="/a",method="GET"}``."""

import re

NAME = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]*\Z")


def build(label, attributes):
    """The label with these attributes, a mapping.

    ValueError: a name is not allowed, or the label has a brace already.
    """
    if not attributes:
        return label
    if not label or "{" in label:
        raise ValueError("%r: a label with attributes needs a name without a brace" % label)
    parts = []
    for name, value in attributes.items():
        if not NAME.match(name):
            raise ValueError("%r is no name for an attribute" % name)
        value = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        parts.append('%s="%s"' % (name, value))
    return "%s{%s}" % (label, ",".join(parts))
