"""Names of columns as candle files and feature files compare them."""

from __future__ import annotations

import re

_PUNCTUATION = re.compile(r"[ -/:-@\[-`{-~]")


def plain_name(name: object) -> str:
    """Return a column name in lower case and without ASCII punctuation.

    Only ASCII punctuation is ignored: a look-alike letter or invisible mark makes another name.

    >>> plain_name("Open Time"), plain_name("<VOL>")
    ('opentime', 'vol')
    """
    return _PUNCTUATION.sub("", str(name).lower())
