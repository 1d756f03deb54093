"""Names that come from outside: of features, cryptos, levels, files. They end in tables and terminals."""

from __future__ import annotations

import unicodedata

LONGEST_NAME = 100
#: What :func:`broken_name_rule` demands, as errors say it.
NAME_RULE = f"1 to {LONGEST_NAME} printable characters, no space at either end"


def broken_name_rule(name: str) -> str | None:
    """Say which rule a name breaks, or None.

    A name may use any alphabet and any punctuation: whoever shows it escapes it. Refused is what lies to the
    reader: nothing, a text without end, control and formatting characters (NUL, line breaks, terminal codes,
    right-to-left marks), and characters whose compatible form is another text, such as full-width letters.
    """
    if not name:
        return "a name must not be empty"
    if len(name) > LONGEST_NAME:
        return f"a name of {len(name)} characters is too long"
    for character in name:
        if unicodedata.category(character)[0] in "CZ" and character != " ":
            return f"a name must not hold the invisible character U+{ord(character):04X}"
    if name != name.strip():
        return "a name must not begin or end with a space"
    if unicodedata.normalize("NFKC", name) != unicodedata.normalize("NFC", name):
        return "a name must be written in plain characters"
    return None


def resembles(name: str, other: str) -> bool:
    """Whether two names read alike: equal without case, spaces, punctuation, accents and compatible forms."""
    return _skeleton(name) == _skeleton(other)


def _skeleton(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(character for character in plain if character.isalnum())
