"""Rules for names from outside, such as features, cryptos and levels: tables and terminals show them."""

from __future__ import annotations

import unicodedata

LONGEST_NAME = 100
#: What :func:`broken_name_rule` requires, in the words of the errors.
NAME_RULE = f"1 to {LONGEST_NAME} printable characters, no space at either end"


def broken_name_rule(name: str) -> str | None:
    """Return the rule that a name breaks, or None.

    A name may use any alphabet and any punctuation; the code that shows it escapes it. Refused are names that
    mislead a reader: empty and very long ones, control and formatting characters (NUL, line breaks, terminal
    codes, right-to-left marks), and characters whose compatible form is another text, such as full-width
    letters.

    Examples
    --------
    >>> broken_name_rule("rsi_14") is None
    True
    >>> broken_name_rule(" rsi_14")
    'a name must not begin or end with a space'
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
    """Whether two names look alike: equal without case, spaces, punctuation, accents and compatible forms.

    Examples
    --------
    >>> resembles("Label-End", "label_end")
    True
    """
    return _skeleton(name) == _skeleton(other)


def _skeleton(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(character for character in plain if character.isalnum())
