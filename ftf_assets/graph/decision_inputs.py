"""What the gate decides on: a sweep's stored rows, its settings and its failed contract and leak checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from ftf_assets.graph.check_history import are_checks_known, failed_invalidating_checks
from ftf_assets.sweep.settings import SweepSettings

if TYPE_CHECKING:
    from ftf_assets.gate.ceiling import CeilingBound
    from ftf_assets.gate.decision import Decision
    from ftf_assets.rows.gate_decision import SweepRows
    from ftf_assets.storage.results_store import ResultsStore


@dataclass(frozen=True, eq=False)
class DecisionInputs:
    """Everything that a decision depends on, as it is stored now.

    Attributes
    ----------
    sweep_id, settings
        The sweep and its resolved settings.
    rows
        Its rows.
    broken_checks
        Its failed contract and leak checks: with any, every verdict is ``INVALID``.
    ceiling
        What correct labels would be worth at most, by its label ceiling; None where that is off or too few of
        its models were measured.
    checks_known
        Whether Dagster's records here know the sweep's checks. Where they do not, as beside a copy of the
        results, the checks count as they did when the sweep was decided.
    """

    sweep_id: str
    settings: SweepSettings
    rows: SweepRows
    broken_checks: tuple[str, ...]
    ceiling: CeilingBound | None = None
    checks_known: bool = True

    def decide(self) -> Decision:
        """Judge every level of the sweep.

        Raises
        ------
        InputError
            Rows that hold no level to judge.
        """
        from ftf_assets.rows.gate_decision import decide_sweep

        return decide_sweep(
            self.rows,
            self.settings,
            self.sweep_id,
            broken_checks=self.broken_checks,
            ceiling=self.ceiling,
        )

    def fingerprints(self) -> tuple[str, str]:
        """Give the fingerprints of rows and settings that the decision would state, without deciding.

        Raises
        ------
        InputError
            As :meth:`decide`.
        """
        from ftf_assets.rows.gate_decision import sweep_fingerprints

        return sweep_fingerprints(
            self.rows, self.settings, broken_checks=self.broken_checks, ceiling=self.ceiling
        )


def decision_inputs(
    store: ResultsStore, instance: dg.DagsterInstance, sweep_id: str, settings: SweepSettings
) -> DecisionInputs:
    """Read what the gate decides on.

    Parameters
    ----------
    store, instance
        Where the rows and the records of the checks lie.
    sweep_id, settings
        The sweep and its resolved settings.

    Raises
    ------
    StoreError
        A results store that cannot be read.
    """
    from ftf_assets.rows.gate_decision import SweepRows
    from ftf_assets.storage.stored_ceiling import stored_ceiling

    known = are_checks_known(instance, sweep_id, settings.data)
    broken = (
        failed_invalidating_checks(instance, sweep_id, settings.data)
        if known
        else _when_decided(store, sweep_id)
    )
    rows = SweepRows(
        store.read(sweep_id),
        weekly=store.details("weekly_results", sweep_id),
        seeds=store.details("seed_scores", sweep_id),
    )
    ceiling = stored_ceiling(store, sweep_id, settings)
    bound = None if ceiling is None else ceiling.bound
    return DecisionInputs(sweep_id, settings, rows, tuple(broken), bound, known)


def _when_decided(store: ResultsStore, sweep_id: str) -> list[str]:
    """Give the failed checks that the stored verdicts name, in one text as they name them."""
    from ftf_assets.gate.verdict_rules import BROKEN_CHECKS

    reasons = store.decision(sweep_id).verdicts["reason"].unique()
    named = [reason for reason in reasons if reason.startswith(BROKEN_CHECKS)]
    return [reason.removeprefix(BROKEN_CHECKS).removesuffix(".") for reason in named]
