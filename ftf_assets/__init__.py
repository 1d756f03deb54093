"""Does treating the label noise help, and may we act on it? A Dagster asset graph with numbers to it.

The calls for notebooks and trainers, described in :mod:`ftf_assets.api`::

    import ftf_assets as ftf

    X, y, w = ftf.apply_label_treatment(X_train, y_train, label_end=label_end, cleanlab="reweight")

Nothing is imported before a call is first used: ``import ftf_assets`` takes no time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ftf_assets.api import apply_label_treatment, candles, check, features, judge, run_sweep

__version__ = "0.1.0"
__all__ = ["__version__", "apply_label_treatment", "candles", "check", "features", "judge", "run_sweep"]


def __getattr__(name: str) -> Any:
    """Import the call of a name at its first use."""
    if name in __all__:
        from ftf_assets import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Name the calls, for completion in a notebook."""
    return sorted({*globals(), *__all__})
