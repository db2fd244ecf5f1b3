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


PART = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|\}\Z)')


def parse(label):
    """The name and the attributes of a label. What does not end with attributes as they should be is a name."""
    name, brace, rest = label.partition("{")
    found, at = {}, 0
    while brace and name:
        part = PART.match(rest, at)
        if not part or part.group(1) in found or part.group(1).startswith("__"):
            break
        escaped = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}
        found[part.group(1)] = re.sub(r'\\[\\"n]', lambda two: escaped[two.group()], part.group(2))
        if part.group(3) == "}":
            return name, found
        at = part.end()
    return label, {}
