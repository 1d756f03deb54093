"""Settings as the command line writes them: one text a setting, ``labels.horizon_bars=6``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from types import NoneType
from typing import Any, get_args, get_origin

from ftf_assets.sweep.settings import SETTINGS
from ftf_assets.training.parameters import parse_search_space
from ftf_assets.training.variants import parse_factors


def setting_from_text(name: str, text: str) -> Any:
    """Turn the text of a setting into what :func:`~ftf_assets.sweep.settings.sweep_settings` takes.

    Lists are comma-separated, and ``none`` stands for None where a setting may be absent. Factors are written
    ``label_smoothing,cleanlab=off,filter``, a search space ``max_depth=2:8,subsample=0.5:1``. Numbers, words
    and unknown names come back as they are: the settings check them.

    Parameters
    ----------
    name
        Dotted name, such as ``labels.horizon_bars``.
    text
        What was written behind it.

    Raises
    ------
    InputError
        Factors or a search space that cannot be read.

    Examples
    --------
    >>> setting_from_text("data.cryptos", "OPUSDC, LDOUSDC")
    ('OPUSDC', 'LDOUSDC')
    >>> setting_from_text("training.trials", "none") is None
    True
    """
    if name == "treatment.factors":
        return parse_factors(text)
    if name == "training.search_space":
        return parse_search_space(text)
    kinds = _kinds(name)
    if NoneType in kinds and text.strip() == "none":
        return None
    if tuple in (get_origin(kind) for kind in kinds):
        return tuple(part.strip() for part in text.split(","))
    return text


def factors_from_texts(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read the factors of several texts, as of one that joins them.

    Raises
    ------
    InputError
        A text that names no factor or cannot be read on its own, or a factor that several texts name.

    Examples
    --------
    >>> factors_from_texts(["cleanlab=off,filter", "label_smoothing=none,mild"])
    {'label_smoothing': ('none', 'mild'), 'cleanlab': ('off', 'filter')}
    """
    for text in texts:
        parse_factors(text)
    return parse_factors(",".join(texts))


def _kinds(name: str) -> tuple[Any, ...]:
    if name not in SETTINGS:
        return ()
    annotation = SETTINGS[name].annotation
    return get_args(annotation) if NoneType in get_args(annotation) else (annotation,)


def text_of_setting(name: str, value: Any) -> str:
    """Write the value of a setting as the command line takes it: the inverse of :func:`setting_from_text`.

    Examples
    --------
    >>> text_of_setting("treatment.factors", {"label_smoothing": (), "cleanlab": ("off", "filter")})
    'label_smoothing,cleanlab=off,filter'
    >>> text_of_setting("data.cryptos", None)
    'none'
    """
    if name == "treatment.factors":
        return ",".join("=".join((factor, *filter(None, [",".join(of)]))) for factor, of in value.items())
    if name == "training.search_space":
        return ",".join(f"{parameter}={low:g}:{high:g}" for parameter, (low, high) in value.items())
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return ",".join(one.isoformat() if isinstance(one, datetime) else str(one) for one in value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).lower() if isinstance(value, bool) else str(value)
