"""What the checks that decide an artifact's worth last said of it, from Dagster's event log."""

from __future__ import annotations

import dagster as dg

from ftf_assets.contracts.errors import InputError
from ftf_assets.sweep import ARTIFACTS, Sweep

#: Name of the contract check that every table and bundle has.
CONTRACT_CHECK = "contract"
#: Name of the check that recomputes from label intervals that nothing looks ahead.
LEAK_CHECK = "no_leak"
#: The blocking check of each asset: while it is red the value is no input, and every verdict is ``INVALID``.
DECISIVE_CHECKS = {
    **dict.fromkeys((*ARTIFACTS, "finetune_results"), CONTRACT_CHECK),
    "trained_models": LEAK_CHECK,
}
#: Metadata of a check and a materialisation: which artifact, which sweep.
ARTIFACT_KEY = "artifact_key"
SWEEP_ID = "sweep_id"

_PAGE = 20


def refuse_red(instance: dg.DagsterInstance, sweep: Sweep, asset: str, crypto: str) -> None:
    """Refuse an input whose contract or leak check is red.

    A blocking check stops its own run only; a later run of just the downstream would pass without this.

    Raises
    ------
    InputError
        The latest check of exactly this artifact has failed.
    """
    latest = _latest(instance, asset, crypto, ARTIFACT_KEY, sweep.artifact_key(asset, crypto))
    if latest is not None and not latest.passed:
        raise InputError(
            f"{crypto}: the check {DECISIVE_CHECKS[asset]} of {asset} is red: {latest.description}. "
            f"Mend the input and materialise {asset} again"
        )


def red_checks(instance: dg.DagsterInstance, sweep_id: str, cryptos: tuple[str, ...]) -> list[str]:
    """List the contract and leak checks of a sweep's values that are red, ``asset of crypto: why``."""
    found = []
    for crypto in cryptos:
        for asset in DECISIVE_CHECKS:
            latest = _latest(instance, asset, crypto, SWEEP_ID, sweep_id)
            if latest is not None and not latest.passed:
                found.append(f"{asset} of {crypto}: {latest.description}")
    return found


def _latest(
    instance: dg.DagsterInstance, asset: str, crypto: str, name: str, value: str
) -> dg.AssetCheckEvaluation | None:
    """The newest evaluation of an asset's decisive check whose metadata ``name`` is ``value``."""
    check = dg.AssetCheckKey(dg.AssetKey(asset), DECISIVE_CHECKS[asset])
    cursor = None
    while True:
        records = instance.event_log_storage.get_asset_check_execution_history(
            check, limit=_PAGE, cursor=cursor
        )
        for record in records:
            evaluation = record.evaluation
            # A check that another run has planned and not yet made has a record as well, which says nothing.
            if record.partition != crypto or not isinstance(evaluation, dg.AssetCheckEvaluation):
                continue
            judged = evaluation.metadata.get(name)
            if judged is not None and judged.value == value:
                return evaluation
        if len(records) < _PAGE:
            return None
        cursor = records[-1].id
