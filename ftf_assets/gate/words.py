"""Names and numbers as they stand in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from ftf_assets.contracts.typed import typed

_METRICS = {
    "roc_auc": "AUC",
    "average_precision": "average precision",
    "f1_buy": "f1 of BUY",
    "expectancy_net": "net return per trade",
    "sortino": "Sortino ratio",
    "ece_debiased": "calibration error",
    "log_loss": "log loss",
}

#: Factors to what they do, and whether these words are a plural. Any other factor has its own name.
_FACTORS = {
    "label_smoothing": ("label smoothing", False),
    "cleanlab": ("cleaning", False),
    "sample_weight": ("sample weights", True),
    "label_truth": ("true labels", True),
    "reseeded": ("another seed", False),
}

_MINUS = "\N{MINUS SIGN}"


@typed
def metric_in_words(metric: str) -> str:
    """Name a metric."""
    return _METRICS.get(metric, metric)


@typed
def factor_in_words(factor: str) -> tuple[str, bool]:
    """Name what a factor does, and say whether the words are a plural.

    >>> factor_in_words("cleanlab"), factor_in_words("loss_correction")
    (('cleaning', False), ('loss correction', False))
    """
    return _FACTORS.get(factor, (factor.replace("_", " "), False))


@typed
def listed(words: Sequence[str]) -> str:
    """Join words as in a sentence.

    >>> listed(["mild", "filter", "reweight"])
    'mild, filter and reweight'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


@typed
def capitalized(words: str) -> str:
    """Write the first letter as a capital and leave the rest as it is.

    >>> capitalized("seed noise of BUY")
    'Seed noise of BUY'
    """
    return words[:1].upper() + words[1:]


@typed
def p_in_words(p: float) -> str:
    """Write a p-value in a sentence: two digits, from 0.001 on.

    >>> p_in_words(0.00002), p_in_words(0.0131), p_in_words(0.31)
    ('p < 0.001', 'p 0.013', 'p 0.31')
    """
    if p < 0.001:
        return "p < 0.001"
    return f"p {p:.3f}" if p < 0.1 else f"p {p:.2f}"


@typed
def size_in_words(value: float) -> str:
    """Write the size of an effect with two significant digits, to at most four places.

    >>> size_in_words(0.004), size_in_words(0.0123), size_in_words(0.00041)
    ('0.004', '0.012', '0.0004')
    """
    return f"{float(f'{round(abs(value), 4):.2g}'):.4f}".rstrip("0").rstrip(".")


@typed
def signed_in_words(value: float) -> str:
    """Write a difference with its sign, two significant digits, to at most four places.

    >>> signed_in_words(0.0004), signed_in_words(-0.0123), signed_in_words(0.00001)
    ('+0.0004', '−0.012', '0')
    """
    size = size_in_words(value)
    return size if size == "0" else f"{'+' if value > 0 else _MINUS}{size}"


@typed
def bps_in_words(value: float) -> str:
    """Write basis points with their sign as whole numbers, small ones with one digit.

    >>> bps_in_words(-7.2), bps_in_words(0.41), bps_in_words(0.01)
    ('−7', '+0.4', '0')
    """
    size = f"{abs(value):.1f}" if abs(value) < 0.95 else f"{abs(value):.0f}"
    return "0" if float(size) == 0 else f"{'+' if value > 0 else _MINUS}{size}"
