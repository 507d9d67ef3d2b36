"""How a text of the catalogue is written, and how it is filled.

`{name}` stands for a detail. `[some text {name}]` is left out where one of its details is missing, and
`[Line {line}|A line]` says the second form then. Outside brackets only details may stand that
`sync.reasons` always gives. Pure; a filled text has no holes and no double spaces.
"""

import re
from collections.abc import Mapping

import msgspec

LANGUAGES = ("en", "da")
VALUE_MAX = 120
_GROUP = re.compile(r"\[([^\[\]]*)\]")
_NAME = re.compile(r"\{(\w+)\}")


class Words(msgspec.Struct, frozen=True):
    """What one reason says: `title` of the cause, `sentence` of one record, `remedy` what to do."""

    title: str
    sentence: str
    remedy: str


def filled(template: str, detail: Mapping[str, str]) -> str:
    """The template as a text. A detail's text is taken as it is: what looks like a template in it is none."""
    known = {name: one for name, text in detail.items() if (one := tidy(text))}

    def group(found: re.Match[str]) -> str:
        for form in found[1].split("|"):
            if all(name in known for name in _NAME.findall(form)):
                return form
        return ""

    return _NAME.sub(lambda found: known.get(found[1], ""), tidied(_GROUP.sub(group, template)))


def names(template: str) -> frozenset[str]:
    """The details that a template can show."""
    return frozenset(_NAME.findall(template))


def tidy(text: str) -> str:
    """A value in one line, and short enough for a sentence."""
    one = " ".join(str(text).split())
    return one if len(one) <= VALUE_MAX else one[: VALUE_MAX - 1].rstrip() + "…"


def tidied(text: str) -> str:
    """A text without the spaces that a group leaves behind."""
    return re.sub(r" +([.,:;])", r"\1", " ".join(text.split()))
