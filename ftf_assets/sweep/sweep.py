"""A sweep: settings resolved against their data source, and its identity, cryptos, variants and plans."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array
from ftf_assets.labels.factor import LabelFactor
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.sources.protocol import KnowsTruth, Provenance, Source
from ftf_assets.sources.source_registry import open_source
from ftf_assets.sweep.asset_inputs import ASSET_INPUTS
from ftf_assets.sweep.crypto_groups import crypto_groups
from ftf_assets.sweep.data_settings import DataSettings
from ftf_assets.sweep.fold_edges import edges_from_nanoseconds, edges_in_nanoseconds
from ftf_assets.sweep.participants import (
    common_edges,
    group_participants,
    named_participants,
    whole_group,
)
from ftf_assets.sweep.setting_groups import FoldSettings
from ftf_assets.sweep.settings import SweepSettings
from ftf_assets.training.fit_keys import treatment_identity
from ftf_assets.training.folds.calendar_edges import calendar_edges
from ftf_assets.training.keys import artifact_versions, code_version, stable_hash
from ftf_assets.training.parameters import DEFAULT_PARAMETERS, Tuning
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.planned_fits import expected_rows, planned_fit_keys, planned_trial_keys
from ftf_assets.training.variants import Variant, expand_variants

#: Settings outside the identity: how a sweep is run and judged, what is measured beside its cells, and what
#: the resolved values below are computed from. The ceiling changes no cell, so a sweep that is asked for it,
#: or for other doses, stays the same sweep: its rows are kept, and only the decision is made again.
_NOT_IDENTITY: dict[str, Any] = {
    "run": True,
    "gate": True,
    "ceiling": True,
    "data": {"crypto_group", "cryptos", "incomplete", "skipped"},
    "treatment": {"factors"},
    "training": {
        "power_mode",
        "trials",
        "tune",
        "tune_folds",
        "tune_seeds",
        "search_space",
        "seeds",
        "seed_check",
    },
}


@dataclass(frozen=True, eq=False)
class Sweep:
    """A sweep that is ready to run: source open, fold edges frozen, cryptos and variants known.

    Provenance is read once and kept, so a file that changes during a run does not change the sweep.

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
        return self.settings.data.crypto_names

    @property
    def skipped(self) -> Mapping[str, str]:
        """The cryptos of its group that take no part, each with the reason."""
        return self.settings.data.skipped or {}

    @functools.cached_property
    def longest_first(self) -> tuple[str, ...]:
        """The cryptos, longest history first: started in this order, they finish at about the same time."""
        return tuple(sorted(self.cryptos, key=lambda crypto: -self.source.span(crypto).rows))

    @functools.cached_property
    def levels(self) -> dict[str, tuple[str, ...]]:
        """Levels per factor."""
        return self.settings.treatment.factors

    @functools.cached_property
    def variants(self) -> tuple[Variant, ...]:
        """The treatments that are compared, the baseline first."""
        return expand_variants(self.levels, self.settings.treatment.design)

    @functools.cached_property
    def sweep_id(self) -> str:
        """``ftf_`` and 12 hex digits of the canonical settings: the same settings are the same sweep."""
        identity = self.settings.model_dump(mode="json", exclude=_NOT_IDENTITY)
        identity["cryptos"] = list(self.cryptos)
        identity["variants"] = [variant.moved for variant in self.variants]
        identity["tuning"] = dataclasses.asdict(self.tuning)
        identity["n_seeds"] = self.settings.training.n_seeds
        identity["checks_seed"] = self.settings.checks_seed
        if self.skipped:  # a sweep of the others by name asks another question: it is about them only
            identity["skipped"] = sorted(self.skipped)
        return "ftf_" + stable_hash(identity, 12)

    @functools.cached_property
    def _provenances(self) -> dict[str, Provenance]:
        return {}

    @functools.cached_property
    def _artifact_keys(self) -> dict[tuple[str, str], str]:
        return {}

    @functools.cached_property
    def tuning(self) -> Tuning:
        """Who is tuned and how."""
        return self.settings.training.tuning

    @property
    def n_cells(self) -> int:
        """Number of cells, one row each: cryptos x folds x variants."""
        return len(self.cryptos) * self.settings.folds.n_folds * len(self.variants)

    @functools.cached_property
    def n_fits(self) -> int:
        """Number of fits of the whole sweep, shared ones counted once, finished ones included."""
        return sum(len(planned_fit_keys(self.plan(crypto))) for crypto in self.cryptos)

    @functools.cached_property
    def n_tuning_fits(self) -> int:
        """Number of those fits that only score a tuning trial."""
        plans = [self.plan(crypto) for crypto in self.cryptos]
        return sum(len(set(planned_trial_keys(plan, fold))) for plan in plans for fold in range(plan.n_folds))

    def require_member(self, crypto: str) -> None:
        """Refuse a partition whose crypto is not part of this sweep.

        Raises
        ------
        InputError
            The crypto, and those of the sweep.
        """
        if crypto in self.skipped:
            raise input_error(
                f"the sweep skips this crypto: {self.skipped[crypto]}",
                crypto=crypto,
                allowed=", ".join(self.cryptos),
                fix="Give its data and start the sweep again.",
            )
        if crypto not in self.cryptos:
            raise input_error(
                "this crypto is not part of the sweep",
                crypto=crypto,
                allowed=", ".join(self.cryptos),
                fix="Set data.crypto_group or data.cryptos.",
            )

    def provenance(self, crypto: str) -> Provenance:
        """Say where the data of a crypto come from, with a fingerprint of their content."""
        if crypto not in self._provenances:
            self._provenances[crypto] = self.source.provenance(crypto)
        return self._provenances[crypto]

    def edges(self, crypto: str) -> Array:
        """Fold edges of a crypto, int64 nanoseconds, shape (n_folds + 1,)."""
        edges = self.settings.folds.edges
        if edges is not None:
            return edges_in_nanoseconds(edges)
        return calendar_edges([_span(self.source, crypto)], self.settings.folds.n_folds)

    def artifact_key(self, asset: str, crypto: str) -> str:
        """Hash everything that an asset's value depends on to 16 hex digits: the folder of its artifact."""
        # Kept: a run asks for a key hundreds of times, and each key contains those of everything upstream.
        if (asset, crypto) not in self._artifact_keys:
            self._artifact_keys[asset, crypto] = stable_hash(self.artifact_identity(asset, crypto))
        return self._artifact_keys[asset, crypto]

    def artifact_identity(self, asset: str, crypto: str) -> dict[str, Any]:
        """Name everything that an asset's value depends on.

        Returns
        -------
        dict
            ``data`` (fingerprint), ``source``, ``code`` and ``libraries`` (versions), ``upstream`` (keys by
            asset) and ``settings`` (values by name): JSON, stored beside the artifact so that a later run can
            say what has changed.
        """
        upstream, names = ASSET_INPUTS[asset]
        return {
            "asset": asset,
            "crypto": crypto,
            "data": self.provenance(crypto).fingerprint,
            "source": self.settings.data.source,
            "code": code_version(),
            "libraries": artifact_versions(),
            "upstream": {name: self.artifact_key(name, crypto) for name in upstream},
            "settings": {name: self._input_setting(name, crypto) for name in names},
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
            epsilons=settings.treatment.epsilons,
            validation_fraction=settings.folds.validation_fraction,
            embargo_bars=settings.folds.embargo_bars,
            out_of_fold_blocks=settings.treatment.out_of_fold_blocks,
            suspect_cap=settings.treatment.suspect_cap,
            cap_by=settings.treatment.cap_by,
            label_quality=settings.treatment.label_quality,
            barriers=settings.labels.barriers,
            rounds=settings.training.early_stopping,
            rounds_mode=settings.training.rounds,
            parameters=dict(DEFAULT_PARAMETERS),
            tuning=self.tuning,
            seed=settings.training.seed,
            seeds=settings.training.n_seeds,
            seed_check=settings.checks_seed,
            device=settings.training.device,
            ceiling=settings.ceiling.plan(truth=isinstance(self.source, KnowsTruth)),
        )

    def expected_rows(self, crypto: str) -> dict[str, float]:
        """Estimate the training rows of each fit of a crypto from the span of its data, by fit key."""
        return expected_rows(self.plan(crypto), *_span(self.source, crypto), self.source.span(crypto).rows)

    def _input_setting(self, name: str, crypto: str) -> object:
        if name == "edges":
            return self.edges(crypto).tolist()
        if name == "search":
            # Whether each variant has a study of its own concerns the models only, not the baseline's
            # parameters.
            return {**dataclasses.asdict(self.tuning), "mode": self.tuning.active}
        if name == "tuning_mode":
            return self.tuning.mode
        if name == "parameters":
            return dict(DEFAULT_PARAMETERS)
        if name == "n_seeds":
            return self.settings.training.n_seeds
        if name == "checks_seed":
            return self.settings.checks_seed
        if name in ("variants", "cleaned_variants", "label_treatments"):
            plan = self.plan(crypto)
            return [[variant.name, treatment_identity(plan, variant)] for variant in getattr(plan, name)]
        return self.settings.value(name)


def is_frozen(settings: SweepSettings) -> bool:
    """Whether the settings name the cryptos and fold edges of the sweep, so that no file is read for them."""
    edges_known = settings.folds.edges is not None or settings.folds.calendar != "common"
    return settings.data.cryptos is not None and edges_known


def open_sweep(settings: SweepSettings) -> Sweep:
    """Resolve settings against their source: absolute path, files found, cryptos and fold edges frozen.

    The edges of ``folds.calendar: common`` come from the spans of all cryptos that take part, before any
    partition runs, so "fold 3" is the same weeks for every crypto, whichever runs first. A crypto of the
    group that has no file, or too little history for the folds, is skipped, and the settings say so
    (:mod:`~ftf_assets.sweep.participants`).

    Parameters
    ----------
    settings
        From :func:`~ftf_assets.sweep.settings.sweep_settings`.

    Raises
    ------
    InputError
        A path, file or named crypto that the source does not have; a group of which nobody has the data; or a
        level that needs candles where the source has none.
    """
    data, folds = settings.data, settings.folds
    path = None if data.path is None else _resolved(data.path)
    source = source_of(settings, path)
    _require_candles(settings, source)
    _require_truth(settings, source)
    if is_frozen(settings):
        # Named cryptos are all wanted, and nothing is left to find out. No file is read here: each run of a
        # sweep opens it again, for one crypto.
        members, skipped, edges = data.crypto_names, dict(data.skipped or {}), folds.edges
    else:
        members, skipped, edges = _participants(source, data, folds)
    # The group may change later, so the resolved settings always name the cryptos. They name the group only
    # if it has exactly these members and those that are skipped.
    in_group = crypto_groups().get(data.crypto_group or "", ())
    others = tuple(crypto for crypto in in_group if crypto not in skipped)
    is_group = members == others and len(members) + len(skipped) == len(in_group)
    resolved = settings.with_changes(
        data={
            "path": path,
            "cryptos": members,
            "crypto_group": data.crypto_group if is_group else None,
            "skipped": skipped or None,
        },
        folds={"edges": edges},
    )
    return Sweep(resolved, source)


def source_of(settings: SweepSettings, path: str | None) -> Source:
    """Open the source of settings, at an absolute path; errors as :func:`open_source` raises them."""
    data = settings.data
    return open_source(
        data.source,
        path=path,
        label=settings.labels.barriers,
        market_seed=data.market_seed,
        market_noise=data.market_noise,
        market_edge=data.market_edge,
        candles=data.candle_options,
        features=data.feature_options,
    )


def _participants(
    source: Source, data: DataSettings, folds: FoldSettings
) -> tuple[tuple[str, ...], dict[str, str], tuple[datetime, ...] | None]:
    """Give the cryptos that take part, those that are skipped with the reason, and the common fold edges."""
    common = folds.calendar == "common"
    if data.cryptos is not None:
        chosen = named_participants(source, data.cryptos, folds)
    elif data.incomplete == "skip":
        chosen = group_participants(source, data.crypto_names, folds)
    else:
        chosen = whole_group(source, data.crypto_names, folds)
    edges = folds.edges
    if common and edges is None:
        edges = edges_from_nanoseconds(common_edges(chosen.spans, folds.n_folds))
    return chosen.cryptos, dict(chosen.skipped), edges


def _require_candles(settings: SweepSettings, source: Source) -> None:
    for name, levels in settings.treatment.factors.items():
        needing = [level for level in levels if level in FACTORS[name].needs_candles]
        if needing and not source.has_candles:
            raise input_error(
                f"{name} = {needing[0]} learns from candles how labels follow each other, and ready feature "
                "caches come without candles",
                found=f"source {settings.data.source}",
                allowed="source candles or market",
                fix=f"Sweep candle files with --source candles, or leave out {', '.join(needing)}.",
            )


def _require_truth(settings: SweepSettings, source: Source) -> None:
    for name, levels in settings.treatment.factors.items():
        factor = FACTORS[name]
        reading = [
            level for level in levels if isinstance(factor, LabelFactor) and level in factor.reads_truth
        ]
        if reading and not isinstance(source, KnowsTruth):
            raise input_error(
                f"{name} = {reading[0]} is a control that trains on the true labels, and only the embedded "
                "market knows them",
                found=f"source {settings.data.source}",
                allowed="source market",
                fix=f"Leave out {name}.",
            )


def _resolved(path: str) -> str:
    try:
        return str(Path(path).resolve())
    except (OSError, ValueError, RuntimeError) as error:  # too long, a NUL, a link that leads to itself
        raise input_error("the path cannot be read", file=path, found=error) from None


def _span(source: Source, crypto: str) -> tuple[int, int]:
    span = source.span(crypto)
    return span.first.value, span.last.value
