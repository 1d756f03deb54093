"""The checks of a partition's stored values: one step an asset, each check with the assets' partitions.

Checks read back what was stored. They carry the partitions, so that one crypto's green never hides another's
red; those of one asset share a step and what they read, because a step costs more than a check.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dagster as dg

from ftf_assets.contracts.errors import FtfError
from ftf_assets.graph.check_history import ARTIFACT_KEY, SWEEP_ID
from ftf_assets.graph.io_managers import ArtifactIOManager
from ftf_assets.graph.metadata import table
from ftf_assets.graph.partitioned import CRYPTOS
from ftf_assets.storage.home import Home
from ftf_assets.sweep.asset_inputs import ARTIFACTS
from ftf_assets.sweep.sweep import Sweep

if TYPE_CHECKING:
    import pandas as pd


class Stored:
    """One crypto's stored values of one sweep, each read once.

    Attributes
    ----------
    sweep, crypto, home
        Whose they are, and where.
    """

    def __init__(self, io: ArtifactIOManager, sweep: Sweep, crypto: str) -> None:
        self.sweep = sweep
        self.crypto = crypto
        self._io = io
        self._read: dict[str, Any] = {}

    @property
    def home(self) -> Home:
        """The home folder."""
        return self._io.home.home

    def value(self, asset: str) -> Any:
        """Read an artifact.

        Raises
        ------
        StoreError
            Nothing there, or damaged.
        """
        if asset not in self._read:
            self._read[asset] = self._io.read(asset, self.crypto)
        return self._read[asset]

    def rows(self) -> "pd.DataFrame":
        """Read the crypto's rows of ``finetune_results``."""
        if "finetune_results" not in self._read:
            self._read["finetune_results"] = self._io.home.results.read(self.sweep.sweep_id, self.crypto)
        rows: pd.DataFrame = self._read["finetune_results"]
        return rows


@dataclass(frozen=True)
class Finding:
    """What a check saw.

    Attributes
    ----------
    breaches
        What is wrong, a line each; none is a pass.
    summary
        One line for a pass.
    metadata
        Numbers and tables that people read beside it.
    """

    breaches: Sequence[str] = ()
    summary: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PartitionCheck:
    """A check of one asset's partitions.

    Attributes
    ----------
    name
        Name in the UI.
    judge
        Looks at the stored values; its docstring is the check's description. Broken contracts may be raised.
    blocking
        Whether red stops what is downstream; else it is a warning, or an error that stops nothing.
    severity
        How red it is.
    """

    name: str
    judge: Callable[[Stored], Finding]
    blocking: bool = False
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR


def checks_of(asset: str, checks: Sequence[PartitionCheck]) -> dg.AssetChecksDefinition:
    """Build the step that runs an asset's checks."""
    with warnings.catch_warnings():
        # Partitioned checks are a preview feature; the version is pinned and a test holds them.
        warnings.simplefilter("ignore")
        specs = [
            dg.AssetCheckSpec(
                check.name,
                asset=asset,
                description=check.judge.__doc__,
                blocking=check.blocking,
                partitions_def=CRYPTOS,
            )
            for check in checks
        ]

        @dg.multi_asset_check(
            name=f"{asset}_checks",
            specs=specs,
            can_subset=True,
            required_resource_keys={"sweep", "io_manager"},
        )
        def run_checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
            crypto = context.partition_key
            stored = Stored(context.resources.io_manager, context.resources.sweep.open(crypto), crypto)
            selected = {key.name for key in context.selected_asset_check_keys}
            for check in checks:
                if check.name in selected:
                    yield _result(asset, check, stored)

    return run_checks


def _result(asset: str, check: PartitionCheck, stored: Stored) -> dg.AssetCheckResult:
    judged: dict[str, Any] = {SWEEP_ID: stored.sweep.sweep_id}
    if asset in ARTIFACTS:
        judged[ARTIFACT_KEY] = stored.sweep.artifact_key(asset, stored.crypto)
    finding = _judge(check, stored)
    more = f"; {len(finding.breaches) - 1} more" if len(finding.breaches) > 1 else ""
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=check.name,
        passed=not finding.breaches,
        severity=check.severity,
        description=f"{finding.breaches[0]}{more}"
        if finding.breaches
        else finding.summary or check.judge.__doc__,
        metadata={**judged, **finding.metadata, **({"found": list(finding.breaches)} if more else {})},
    )


def _judge(check: PartitionCheck, stored: Stored) -> Finding:
    from pandera.errors import SchemaErrors

    try:
        return check.judge(stored)
    except SchemaErrors as error:
        failures = error.failure_cases.head(20).astype(str).to_dict("records")
        return Finding(
            [f"{stored.crypto}: {len(failures)} broken rules, first: {failures[0]['check']}"],
            metadata={"failures": table(failures)},
        )
    except FtfError as error:
        return Finding([str(error)])
