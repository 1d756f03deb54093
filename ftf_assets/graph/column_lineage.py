"""Column lineage in the Dagster UI: which columns upstream each column of an asset is computed from.

The columns of an asset are those of its table. A bundle of arrays has columns too: an array of
``coerced_arrays``, a label treatment of ``smoothed_labels``, a variant of ``cleanlab_masks`` and
``trained_models``. So a reader can follow a metric of ``finetune_results`` back to the variants, a variant to
its features, labels and masks, and a feature to the columns of the candles.

Settings are no columns, and neither are the embedded market's true labels, which some controls know.

Dagster's open-source UI does not draw this lineage; its API gives it, and catalogues read it there. So each
column's description, which the UI does show, ends with the columns that it comes from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import dagster as dg

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.tables.finetune_results import METRIC_COLUMNS, SEED_SPREAD_COLUMNS
from ftf_assets.graph.metadata import Metadata
from ftf_assets.labels.factor import LabelFactor, WeightFactor
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.sources.candles.columns_read import columns_read
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.variants import Variant

#: Columns upstream, by asset.
Upstream = Mapping[str, tuple[str, ...]]

#: Number of columns upstream that a description names.
_MOST_NAMES = 8
#: Arrays of ``coerced_arrays`` besides ``X``: column of the feature cache, and what it is.
_ROW_ARRAYS = {
    "y": ("label", "1 = BUY, 0 = HOLD."),
    "start": ("timestamp", "When the features are known, nanoseconds since the epoch, UTC."),
    "end": ("label_end", "When the label is known, nanoseconds since the epoch, UTC."),
    "label_return": ("label_return", "Return of the label from entry to exit, before costs."),
    "base_weight": ("base_weight", "Weight of the row before any treatment."),
    "label_stability": ("label_stability", "Share of slightly different barriers with the same label."),
    "label_stability_end": ("label_stability_end", "When label_stability is known."),
    "regime": ("regime", "Number of the market regime."),
}
#: What every fit reads of a row: a fold and its purged rows follow from the label's interval.
_FITTED = ("X", "y", "start", "end", "base_weight")
_INTERVAL = ("start", "end")
#: What columns of ``finetune_results`` are computed from; the last line that names a column counts. An asset
#: without names means all of its variants.
_RESULTS: tuple[tuple[tuple[str, ...], Upstream], ...] = (
    (
        (*METRIC_COLUMNS, *SEED_SPREAD_COLUMNS.values(), "trade_precision"),
        {"trained_models": (), "coerced_arrays": ("y",)},
    ),
    (
        ("n_trades", "win_rate", "expectancy_net", "return_net", "sortino", "max_drawdown"),
        {"trained_models": (), "coerced_arrays": ("y", "label_return", *_INTERVAL)},
    ),
    (
        (
            *("threshold", "trade_threshold", "best_iteration", "params", "n_trials", "fit_seconds"),
            *("n_kept", "weight_sum"),
        ),
        {"trained_models": ()},
    ),
    (("n_suspects", "n_suspects_buy", "n_dropped", "n_dropped_buy"), {"cleanlab_masks": ()}),
    (
        ("n_train", "n_test", "train_start", "train_end", "test_start", "test_end"),
        {"coerced_arrays": _INTERVAL},
    ),
    (
        ("n_train_buy", "buy_rate_train", "buy_rate_test", "f1_always_buy"),
        {"coerced_arrays": ("y", *_INTERVAL)},
    ),
    (("breakeven_precision",), {"coerced_arrays": ("y", "label_return", *_INTERVAL)}),
)
_SOURCES_OF_RESULTS = {name: upstream for names, upstream in _RESULTS for name in names}


def lineage_of_features(schema: dg.TableSchema, *, from_candles: bool) -> Metadata:
    """Trace a feature cache to the candles; a ready one comes from nowhere, because other systems made it."""
    if not from_candles:
        return {"dagster/column_schema": schema}
    return _traced(schema, {one.name: {"candles": columns_read(one.name)} for one in schema.columns})


def lineage_of_arrays(arrays: TrainingArrays, cache_columns: Collection[str]) -> Metadata:
    """Describe each array as a column and trace it to the feature cache.

    Parameters
    ----------
    arrays
        The arrays.
    cache_columns
        Columns of the feature cache: where ``base_weight`` is not among them, its ones come from nowhere.
    """
    there = {name: one for name, one in _ROW_ARRAYS.items() if getattr(arrays, name) is not None}
    known = {*cache_columns, "timestamp"}
    features = dg.TableColumn("X", str(arrays.X.dtype), f"The {len(arrays.feature_names)} features.")
    others = [dg.TableColumn(name, str(getattr(arrays, name).dtype), one[1]) for name, one in there.items()]
    read = {name: {"feature_cache": (column,)} for name, (column, _) in there.items() if column in known}
    return _traced(
        dg.TableSchema([features, *others]), {"X": {"feature_cache": arrays.feature_names}, **read}
    )


def lineage_of_labels(plan: TrainingPlan) -> Metadata:
    """Describe each label treatment as a column and trace it to the hard labels, unless it reads the true."""
    treatments = plan.label_treatments
    observed = [one for one in treatments if not _reads_truth(one)]
    return _traced(
        _columns(treatments, "float32", "Labels that this treatment trains with."),
        {one.name: {"coerced_arrays": ("y",)} for one in observed},
    )


def lineage_of_baselines() -> Metadata:
    """Trace what early stopping and tuning find to the rows that they see."""
    columns = {"rounds": "Boosting rounds of each fold.", "parameters": "Parameters of XGBoost in each fold."}
    return _traced(
        dg.TableSchema([dg.TableColumn(name, "per fold", says) for name, says in columns.items()]),
        {name: {"coerced_arrays": _FITTED} for name in columns},
    )


def lineage_of_masks(plan: TrainingPlan) -> Metadata:
    """Describe the masks of each cleaning variant as a column and trace it to what judged the rows."""
    variants = plan.cleaned_variants
    return _traced(
        _columns(variants, "masks", "Suspects, labels and weights of the rows."),
        {one.name: {**_trained_on(one), **_bars(one)} for one in variants},
    )


def lineage_of_models(plan: TrainingPlan) -> Metadata:
    """Describe the models of each variant as a column and trace it to what trained them."""
    masks = {one: {"cleanlab_masks": (one.name,)} for one in plan.cleaned_variants}
    return _traced(
        _columns(plan.variants, "models", "Models of the folds, and their P(BUY)."),
        {one.name: {**_trained_on(one), **masks.get(one, {})} for one in plan.variants},
    )


def columns_of_results(schema: dg.TableSchema) -> dg.TableSchema:
    """Let the columns of ``finetune_results`` name their sources, whatever the variants of a sweep are.

    For the definition of the asset: where it describes a column, the UI shows no description of a run.
    """
    return _described(schema, _SOURCES_OF_RESULTS)


def lineage_of_results(plan: TrainingPlan) -> Metadata:
    """Trace the numbers of a cell to the models, masks and rows that they are measured on."""
    variants = {"trained_models": plan.variants, "cleanlab_masks": plan.cleaned_variants}
    return _lineage(
        {
            column: {
                asset: names or tuple(one.name for one in variants[asset])
                for asset, names in upstream.items()
            }
            for column, upstream in _SOURCES_OF_RESULTS.items()
        }
    )


def _trained_on(variant: Variant) -> dict[str, tuple[str, ...]]:
    weights = [(FACTORS[factor], level) for factor, level in variant.only(WeightFactor).moved]
    needed = tuple(column for factor, level in weights for one, column in factor.needs if one == level)
    returns = ("label_return",) if any(level == "return_attribution" for _, level in weights) else ()
    return {
        "coerced_arrays": (*_FITTED, *needed, *returns),
        "smoothed_labels": (variant.only(LabelFactor).name,),
        "fold_baselines": ("rounds", "parameters"),
    }


def _bars(variant: Variant) -> dict[str, tuple[str, ...]]:
    needed = any(level in FACTORS[factor].needs_candles for factor, level in variant.moved)
    return {"candles": ("timestamp", "open", "high", "low", "close")} if needed else {}


def _reads_truth(treatment: Variant) -> bool:
    moved = ((FACTORS[name], level) for name, level in treatment.moved)
    return any(isinstance(factor, LabelFactor) and level in factor.reads_truth for factor, level in moved)


def _columns(variants: Iterable[Variant], kind: str, says: str) -> dg.TableSchema:
    return dg.TableSchema([dg.TableColumn(one.name, kind, says) for one in variants])


def _traced(schema: dg.TableSchema, read: Mapping[str, Upstream]) -> Metadata:
    """Give the columns with their sources in words, and the same sources as lineage."""
    return {"dagster/column_schema": _described(schema, read), **_lineage(read)}


def _lineage(read: Mapping[str, Upstream]) -> Metadata:
    deps = {
        column: [
            dg.TableColumnDep(dg.AssetKey(asset), name) for asset, names in upstream.items() for name in names
        ]
        for column, upstream in read.items()
    }
    known = {column: sources for column, sources in deps.items() if sources}
    return {"dagster/column_lineage": dg.TableColumnLineage(known)}


def _described(schema: dg.TableSchema, read: Mapping[str, Upstream]) -> dg.TableSchema:
    columns = [
        dg.TableColumn(one.name, one.type, _with_sources(one, read.get(one.name, {})), one.constraints)
        for one in schema.columns
    ]
    return dg.TableSchema(columns, schema.constraints)


def _with_sources(column: dg.TableColumn, upstream: Upstream) -> str | None:
    if not upstream:
        return column.description
    sources = [f"{asset}: {_listed(list(names))}" if names else asset for asset, names in upstream.items()]
    return f"{column.description or ''} From {'; '.join(sources)}.".strip()


def _listed(names: list[str]) -> str:
    if len(names) <= _MOST_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[: _MOST_NAMES - 1])} and {len(names) - _MOST_NAMES + 1} more"
