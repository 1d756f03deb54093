"""Numbers and lists as they stand in a sentence of the audit."""

from __future__ import annotations

from collections.abc import Sequence

from ftf_assets.audit.intervals import Estimate
from ftf_assets.contracts.typed import typed

_MINUS = "\N{MINUS SIGN}"


@typed
def listed(words: Sequence[str], last: str = "and") -> str:
    """Join words as in a sentence.

    Examples
    --------
    >>> listed(["bursts", "block_copy", "near_barrier"], "or")
    'bursts, block_copy or near_barrier'
    """
    return f" {last} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


@typed
def difference_in_words(one: Estimate) -> str:
    """Write a difference in average precision with its interval.

    Examples
    --------
    >>> difference_in_words(Estimate(0.0136, 0.0004, 0.0268, 0.0067))
    '+0.0136 (+0.0004 to +0.0268)'
    """
    return f"{_signed(one.value)} ({_signed(one.low)} to {_signed(one.high)})"


@typed
def share_in_words(one: Estimate) -> str:
    """Write a share with its interval.

    Examples
    --------
    >>> share_in_words(Estimate(0.23, -0.51, 0.96, 0.37))
    '23 % (−51 to 96 %)'
    """
    return f"{_whole(one.value)} % ({_whole(one.low)} to {_whole(one.high)} %)"


@typed
def rate_in_words(rate: float) -> str:
    """Write a share of labels.

    Examples
    --------
    >>> rate_in_words(0.107)
    '10.7 %'
    """
    return f"{100 * rate:.1f} %"


def _signed(value: float) -> str:
    size = f"{abs(value):.4f}"
    if float(size) == 0:
        return "0"
    return f"{'+' if value > 0 else _MINUS}{size}"


def _whole(share: float) -> str:
    number = round(100 * share)
    return f"{_MINUS if number < 0 else ''}{abs(number)}"
