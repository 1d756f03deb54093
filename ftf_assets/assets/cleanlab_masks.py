"""``cleanlab_masks``: which rows of each fit part are suspect, and what is done about them."""

import dagster as dg

from ftf_assets.assets import metadata
from ftf_assets.assets.events import report_fit
from ftf_assets.assets.partitioned import partitioned_asset
from ftf_assets.assets.pictures import pictures
from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import BaselineParameters, CleanlabMasks, SmoothedLabels
from ftf_assets.report.data import crypto_data
from ftf_assets.report.pictures import cleaning_pictures
from ftf_assets.resources import HomeResource, SweepResource
from ftf_assets.training.masks import make_masks


@partitioned_asset("treatment", {"xgboost", "cleanlab"})
def cleanlab_masks(
    context: dg.AssetExecutionContext,
    sweep: SweepResource,
    home: HomeResource,
    coerced_arrays: TrainingArrays,
    smoothed_labels: SmoothedLabels,
    baseline_parameters: BaselineParameters,
) -> dg.MaterializeResult[CleanlabMasks]:
    """Confident learning on purged out-of-fold probabilities of each fit part, capped per class.

    On weak models cleanlab flags about half of the minority class and none of the majority, so the cap
    decides how much is cleaned: compare "flagged" with "suspects" below.
    """
    crypto = context.partition_key
    run = sweep.open(crypto)
    masks = make_masks(
        run.plan(crypto),
        coerced_arrays,
        smoothed_labels,
        baseline_parameters,
        home.fit_engine(sweep.n_workers, report_fit(context.log)),
    )
    return dg.MaterializeResult(
        value=masks,
        metadata={
            "cap_per_class": run.settings.suspect_cap,
            "label_quality": run.settings.label_quality,
            "masks": metadata.masks_table(masks),
            **pictures(
                context.log,
                lambda: cleaning_pictures(crypto_data(home.home, run, crypto, coerced_arrays, masks=masks)),
            ),
        },
    )
