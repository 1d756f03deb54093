"""A sweep: settings that are resolved against their source, and every identity that follows from them."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.typed import Array
from ftf_assets.labels.factors import FACTORS
from ftf_assets.sources.protocol import Provenance, Source
from ftf_assets.sources.registry import open_source
from ftf_assets.sweep.settings import LONG_RUN_FITS, OPERATIONAL, SweepSettings, crypto_groups
from ftf_assets.training.folds import calendar_edges
from ftf_assets.training.keys import artifact_versions, code_version, stable_hash
from ftf_assets.training.parameters import DEFAULT_PARAMETERS, Tuning
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.variants import Variant, expand_variants, parse_factors

_FIT_SETTINGS = (
    "validation_fraction",
    "embargo_bars",
    "min_rounds",
    "max_rounds",
    "patience",
    "seed",
    "device",
)

#: What each asset depends on besides the data and its upstream assets: settings by name. An artifact's path
#: holds the hash of these, so two sweeps never meet in one path.
_DEPENDS_ON: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # asset: (upstream assets, settings)
    "candles": ((), ()),
    "feature_cache": (("candles",), ("stop_atr", "target_atr", "horizon_bars", "missing")),
    "coerced_arrays": (("feature_cache",), ("missing",)),
    "smoothed_labels": (("coerced_arrays",), ("label_treatments",)),
    "baseline_parameters": (("coerced_arrays",), ("edges", "parameters", "search", *_FIT_SETTINGS)),
    "cleanlab_masks": (
        ("candles", "smoothed_labels", "baseline_parameters"),
        ("cleaned_variants", "out_of_fold_blocks"),
    ),
    "trained_models": (("cleanlab_masks",), ("variants", "rounds", "seeds", "checks_seed", "tune")),
}


#: The assets whose values are artifacts under keyed paths, in flow order.
ARTIFACTS = tuple(_DEPENDS_ON)


@dataclass(frozen=True, eq=False)
class Sweep:
    """Resolved settings: fold edges frozen, cryptos and variants known, the source open.

    It lives as long as its run and sees the data as they were when it first looked.

    Attributes
    ----------
    settings
        Validated settings with an absolute path and frozen fold edges.
    source
        Where the data come from.
    """

    settings: SweepSettings
    source: Source

    @functools.cached_property
    def cryptos(self) -> tuple[str, ...]:
        """The cryptos of the sweep, one partition each."""
        return self.settings.crypto_names

    @functools.cached_property
    def longest_first(self) -> tuple[str, ...]:
        """The cryptos, the longest history first: run in this order, they end together and no core waits."""
        return tuple(sorted(self.cryptos, key=lambda crypto: -self.source.span(crypto).rows))

    @functools.cached_property
    def levels(self) -> dict[str, tuple[str, ...]]:
        """Levels per factor."""
        return parse_factors(self.settings.factor)

    @functools.cached_property
    def variants(self) -> tuple[Variant, ...]:
        """The treatments that are compared, the baseline first."""
        return expand_variants(self.levels, self.settings.design)

    @functools.cached_property
    def sweep_id(self) -> str:
        """``ftf_`` and 12 hex digits of the canonical settings: the same settings are the same sweep."""
        tuning = {"power_mode", "trials", "tune", "tune_folds", "search_space"}
        resolved = {"crypto_group", "factor", "seed_check", *tuning}
        identity = self.settings.model_dump(exclude=set(OPERATIONAL) | resolved)
        identity["cryptos"] = list(self.cryptos)
        identity["variants"] = [variant.moved for variant in self.variants]
        identity["tuning"] = dataclasses.asdict(self.tuning)
        identity["checks_seed"] = self.settings.checks_seed
        return "ftf_" + stable_hash(identity, 12)

    @functools.cached_property
    def _provenances(self) -> dict[str, Provenance]:
        return {}

    @functools.cached_property
    def tuning(self) -> Tuning:
        """Who is tuned and how."""
        return self.settings.tuning

    @property
    def n_cells(self) -> int:
        """Rows that the sweep ends with."""
        return len(self.cryptos) * self.settings.n_folds * len(self.variants)

    @functools.cached_property
    def n_fits(self) -> int:
        """Fits of the whole sweep, each counted once, done or not."""
        return sum(len(self.plan(crypto).fit_keys()) for crypto in self.cryptos)

    @functools.cached_property
    def n_tuning_fits(self) -> int:
        """Those of them that only score a tuning trial."""
        plans = [self.plan(crypto) for crypto in self.cryptos]
        return sum(len(set(plan.trial_keys(fold))) for plan in plans for fold in range(plan.n_folds))

    def require_member(self, crypto: str) -> None:
        """Refuse a partition that is no crypto of this sweep.

        Raises
        ------
        InputError
            Names the crypto and the sweep's.
        """
        if crypto not in self.cryptos:
            raise input_error(
                "this crypto is not part of the sweep",
                crypto=crypto,
                allowed=", ".join(self.cryptos),
                fix="Set crypto_group or cryptos.",
            )

    def require_confirmation(self, crypto: str | None = None) -> None:
        """Refuse a long run that was not confirmed.

        Parameters
        ----------
        crypto
            What runs is this partition alone, as in the Dagster UI; by default the whole sweep.

        Raises
        ------
        InputError
            More than 500 fits without ``confirm_long_run``, with the plan.
        """
        if self.settings.confirm_long_run:
            return
        n_fits = self.n_fits if crypto is None else len(self.plan(crypto).fit_keys())
        if n_fits > LONG_RUN_FITS:
            tuning = f", {self.n_tuning_fits} of them for tuning" if self.n_tuning_fits else ""
            own = "" if crypto is None else f", {n_fits} of them for {crypto}"
            raise InputError(
                f"a long run must be confirmed: {len(self.cryptos)} cryptos x {self.settings.n_folds} folds "
                f"x {len(self.variants)} variants = {self.n_cells} cells, {self.n_fits} fits{tuning}{own} "
                f"(allowed without: {LONG_RUN_FITS}). Add --confirm-long-run (confirm_long_run: true in the "
                "launchpad)"
            )

    def provenance(self, crypto: str) -> Provenance:
        """Say where the data of a crypto come from, with a fingerprint of their content."""
        if crypto not in self._provenances:
            self._provenances[crypto] = self.source.provenance(crypto)
        return self._provenances[crypto]

    def edges(self, crypto: str) -> Array:
        """Fold edges of a crypto, int64 nanoseconds, shape (n_folds + 1,)."""
        if self.settings.folds == "common":
            return parse_edges(self.settings.fold_edges, self.settings.n_folds)
        return calendar_edges([_span(self.source, crypto)], self.settings.n_folds)

    def artifact_key(self, asset: str, crypto: str) -> str:
        """Hash everything that an asset's value depends on."""
        return stable_hash(self.artifact_identity(asset, crypto))

    def artifact_identity(self, asset: str, crypto: str) -> dict[str, Any]:
        """Name everything that an asset's value depends on: data, settings, code, keys of upstream values."""
        upstream, names = _DEPENDS_ON[asset]
        return {
            "asset": asset,
            "crypto": crypto,
            "data": self.provenance(crypto).fingerprint,
            "source": self.settings.source,
            "code": code_version(),
            "libraries": artifact_versions(),
            "upstream": {name: self.artifact_key(name, crypto) for name in upstream},
            "settings": {name: self._setting(name, crypto) for name in names},
        }

    def plan(self, crypto: str) -> TrainingPlan:
        """Plan one crypto: what to fit, and the keys of every fit."""
        self.require_member(crypto)
        settings = self.settings
        return TrainingPlan(
            crypto=crypto,
            arrays_key=self.artifact_key("coerced_arrays", crypto),
            variants=self.variants,
            edges=self.edges(crypto),
            epsilons=settings.epsilons,
            validation_fraction=settings.validation_fraction,
            embargo_bars=settings.embargo_bars,
            out_of_fold_blocks=settings.out_of_fold_blocks,
            suspect_cap=settings.suspect_cap,
            label_quality=settings.label_quality,
            barriers=settings.barriers,
            rounds=settings.early_stopping,
            rounds_mode=settings.rounds,
            parameters=dict(DEFAULT_PARAMETERS),
            tuning=self.tuning,
            seed=settings.seed,
            seeds=settings.seeds,
            seed_check=settings.checks_seed,
            device=settings.device,
        )

    def expected_rows(self, crypto: str) -> dict[str, float]:
        """Guess the training rows of every fit of a crypto from the span of its data, by key."""
        return self.plan(crypto).expected_rows(*_span(self.source, crypto), self.source.span(crypto).rows)

    def _setting(self, name: str, crypto: str) -> object:
        if name == "edges":
            return self.edges(crypto).tolist()
        if name == "search":
            # What the baseline's study depends on; whether the variants have theirs too concerns the models.
            return {**dataclasses.asdict(self.tuning), "mode": self.tuning.active}
        if name == "tune":
            return self.tuning.mode
        if name == "parameters":
            return dict(DEFAULT_PARAMETERS)
        if name in ("variants", "cleaned_variants", "label_treatments"):
            plan = self.plan(crypto)
            return [[variant.name, plan.treatment(variant)] for variant in getattr(plan, name)]
        return getattr(self.settings, name)


def open_sweep(settings: SweepSettings) -> Sweep:
    """Resolve settings against their source: absolute path, files found, cryptos and fold edges frozen.

    The edges of ``folds: common`` come from the spans of the whole group, before any partition runs, so
    "fold 3" is the same weeks for every crypto, whichever runs first.

    Parameters
    ----------
    settings
        From :func:`~ftf_assets.sweep.settings.sweep_settings`.

    Raises
    ------
    InputError
        A path, file or crypto that the source does not have, fold edges that are not instants, or a level
        that needs candles where the source has none.
    """
    path = _resolved(settings.path) if settings.path else ""
    source = open_source(
        settings.source,
        path=path or None,
        label=settings.barriers,
        market_seed=settings.market_seed,
        market_noise=settings.market_noise,
        missing=settings.missing,
    )
    frozen = settings.fold_edges
    _require_candles(settings, source)
    if settings.folds == "common":
        if frozen:
            parse_edges(frozen, settings.n_folds)
        else:
            spans = [_span(source, crypto) for crypto in settings.crypto_names]
            frozen = format_edges(calendar_edges(spans, settings.n_folds))
    elif frozen:
        raise input_error(
            "fold_edges are for folds: common", found=repr(frozen), fix="Leave fold_edges empty."
        )
    members = settings.crypto_names
    # A group may grow: a stored sweep keeps the members that it ran, and the name of the group they make up.
    group = settings.crypto_group if crypto_groups().get(settings.crypto_group) == members else ""
    resolved = {"path": path, "fold_edges": frozen, "cryptos": ",".join(members), "crypto_group": group}
    return Sweep(settings.model_copy(update=resolved), source)


def _require_candles(settings: SweepSettings, source: Source) -> None:
    for name, levels in parse_factors(settings.factor).items():
        needing = [level for level in levels if level in FACTORS[name].needs_candles]
        if needing and not source.has_candles:
            raise input_error(
                f"{name} = {needing[0]} learns from candles how labels follow each other, and ready feature "
                "caches come without candles",
                found=f"source {settings.source}",
                allowed="source candles or market",
                fix=f"Sweep candle files with --source candles, or leave out {', '.join(needing)}.",
            )


def _resolved(path: str) -> str:
    try:
        return str(Path(path).resolve())
    except (OSError, ValueError, RuntimeError) as error:  # too long, a NUL, a link that leads to itself
        raise input_error("the path cannot be read", file=path, found=error) from None


def format_edges(edges: Array) -> str:
    """Write fold edges (whole seconds, UTC) as the setting ``fold_edges`` holds them."""
    import pandas as pd

    return ",".join(pd.Timestamp(int(edge), tz="UTC").strftime("%Y-%m-%dT%H:%M:%SZ") for edge in edges)


def parse_edges(text: str, n_folds: int) -> Array:
    """Read fold edges into int64 nanoseconds, shape (n_folds + 1,).

    Raises
    ------
    InputError
        Anything but n_folds + 1 increasing UTC instants.
    """
    import pandas as pd

    words = [word.strip() for word in text.split(",")]
    try:
        instants = [pd.Timestamp(word) for word in words]
        edges = np.array([instant.tz_convert("UTC").value for instant in instants], np.int64)
    except (ValueError, TypeError, OverflowError):
        raise input_error(
            "fold_edges are UTC instants",
            found=repr(text),
            allowed="such as 2023-08-11T12:00:00Z, comma-separated",
        ) from None
    if len(edges) != n_folds + 1 or (np.diff(edges) <= 0).any():
        raise input_error(
            "fold_edges increase, one more than n_folds", found=repr(text), allowed=f"{n_folds + 1} instants"
        )
    return edges


def _span(source: Source, crypto: str) -> tuple[int, int]:
    span = source.span(crypto)
    return span.first.value, span.last.value
