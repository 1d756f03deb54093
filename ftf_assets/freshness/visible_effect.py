"""What a planned sweep could see: the smallest gain, by the noise of an earlier or a published sweep."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ftf_assets.gate.design import (
    Design,
    VarianceParts,
    designs_in_words,
    designs_that_see,
    smallest_visible,
)
from ftf_assets.storage.home import Home
from ftf_assets.sweep.sweep import Sweep

_NANOSECONDS_A_MONTH = 365.25 / 12 * 24 * 3600 * 1e9

#: Published noise by kind of source: the parts of the variance of a level's difference in AUC, of the level
#: with the most noise. Measured on five cryptos at the default settings: ``ftf sweep --trials 0``, on the
#: embedded market and on ten months of hourly candles; ``ftf gate --json`` prints the parts in its summary. A
#: negative correlation (the candles' is -0.07) counts as none.
PUBLISHED = {
    "market": VarianceParts(week_sd=0.0235, week_correlation=0.023, seed_sd=0.0123),
    "candles": VarianceParts(week_sd=0.0186, week_correlation=0.0, seed_sd=0.0098),
}


@dataclass(frozen=True)
class VisibleEffect:
    """What a design could see.

    Attributes
    ----------
    smallest
        Smallest true gain in AUC that it finds with 80 % power at two-sided 5 %.
    useful
        Smallest gain worth having.
    noise_from
        Where the noise was measured, in words.
    enough
        Designs that see the useful gain, in words; "" where this one does, or none of reasonable size would.
    """

    smallest: float
    useful: float
    noise_from: str
    enough: str


def visible_effect(sweep: Sweep, home: Home) -> VisibleEffect:
    """Estimate the smallest gain that a sweep will see, before it runs.

    Parameters
    ----------
    sweep
        The planned sweep: its cryptos, months of test history, folds and seeds count.
    home
        Home whose newest decided sweep of the same source and path gives the noise; without one the
        published noise of such a source does.
    """
    design = design_of(sweep)
    parts, noise_from = _noise(sweep, home)
    useful = sweep.settings.gate.useful_gain
    return VisibleEffect(
        smallest=smallest_visible(parts, design),
        useful=useful,
        noise_from=noise_from,
        enough=designs_in_words(designs_that_see(useful, parts, design), design),
    )


def design_of(sweep: Sweep) -> Design:
    """Give the size of a sweep; where each crypto cuts its own folds, the longest test history counts."""
    edges = [sweep.edges(crypto) for crypto in sweep.cryptos]
    longest = max(int(one[-1] - one[0]) for one in edges)
    return Design(
        cryptos=len(sweep.cryptos),
        months=longest / _NANOSECONDS_A_MONTH,
        folds=sweep.settings.folds.n_folds,
        seeds=sweep.settings.training.n_seeds,
    )


def _noise(sweep: Sweep, home: Home) -> tuple[VarianceParts, str]:
    data = sweep.settings.data
    if home.has_results:
        from ftf_assets.rows.records import plain_records
        from ftf_assets.storage.results_store import ResultsStore

        store = ResultsStore(home)
        # Of the stored settings only these two are read: a sweep of another ftf, or of a factor that is not
        # installed here, has measured the noise of its data as well.
        texts = store.sweeps().set_index("sweep_id")["settings"]
        read_by = {name: json.loads(text).get("data", {}) for name, text in texts.items()}
        for summary in plain_records(store.summaries()):
            earlier = read_by.get(summary["sweep_id"], {})
            same = (earlier.get("source"), earlier.get("path")) == (data.source, data.path)
            if same and summary["week_sd"] is not None:
                # With more cryptos than were measured, a negative correlation would leave no noise at all.
                correlation = max(summary["week_correlation"] or 0.0, 0.0)
                parts = VarianceParts(summary["week_sd"], correlation, summary["seed_sd"] or 0.0)
                return parts, f"sweep {summary['sweep_id']}"
    known = "market" if data.source == "market" else "candles"
    return PUBLISHED[known], f"the published sweep of {'the embedded market' if known == 'market' else known}"
