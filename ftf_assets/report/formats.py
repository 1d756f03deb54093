"""How numbers are written in the report. The check that reads a written report uses the same functions."""

from __future__ import annotations

import math

import pandas as pd

from ftf_assets.audit.intervals import Estimate

NOTHING = "–"  # noqa: RUF001  a dash, not a minus

_DIFFERENCES = frozenset(
    (
        *("mean_difference", "median_difference", "ci_low", "ci_high", "bootstrap_low", "bootstrap_high"),
        "true_difference",
    )
)
_SIZES = frozenset(
    ("smallest_visible", "standard_error", "week_error", "seed_error", "seed_sd", "seed_margin")
)
_STATISTICS = frozenset(("t", "cohens_d", "fold_t"))
#: Columns of ``gate_metrics`` that hold a p-value: each is shown in one cell with its effect.
P_VALUES = frozenset(("p_value", "p_corrected", "cell_p", "wilcoxon_p", "fold_p"))


def is_absent(value: object) -> bool:
    """Whether a value is None, NaN or NA."""
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def gate_text(column: str, value: object) -> str:
    """Write a value of a ``gate_metrics`` column; a missing number is a dash."""
    if is_absent(value):
        return NOTHING
    if column in _DIFFERENCES:
        return signed(float(value))  # type: ignore[arg-type]
    if column in _SIZES:
        return _digits(float(value), "")  # type: ignore[arg-type]
    if column in _STATISTICS:
        return _minus(f"{value:+.2f}")
    if column in P_VALUES:
        return p_text(float(value))  # type: ignore[arg-type]
    return str(value)


def signed(value: float | None) -> str:
    """Write a difference with its sign and three significant digits."""
    return NOTHING if value is None or is_absent(value) else _digits(float(value), "+")


def _digits(value: float, sign: str) -> str:
    """Write three significant digits, and never an exponent, which is hard to compare down a column.

    >>> _digits(-0.0000247, "+"), _digits(1234.5, ""), _digits(0.0, "+")
    ('−0.0000247', '1230', '0')
    """
    if value == 0:
        return "0"
    rounded = float(f"{value:.3g}")
    places = max(0, 2 - math.floor(math.log10(abs(rounded))))
    text = f"{rounded:{sign}.{places}f}"
    return _minus(text.rstrip("0").rstrip(".") if "." in text else text)


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def p_text(value: float | None) -> str:
    """Write a p-value to four places, below 0.0001 as a bound."""
    if value is None or is_absent(value):
        return NOTHING
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"


def share(part: float, whole: float) -> str:
    """Write a share in per cent, with one digit."""
    return f"{part / whole:.1%}" if whole else NOTHING


def lift_text(estimate: Estimate | None) -> str:
    """Write a lift with its interval."""
    if estimate is None:
        return NOTHING
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"
