"""A run of a sweep: the graph once for each crypto, then the decision and the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ftf_assets.audit.trust import untrusted_cleaning
from ftf_assets.contracts.errors import BlockedError, FtfError, RunError
from ftf_assets.freshness.checks import CheckOf, latest_checks
from ftf_assets.freshness.current import stale_assets
from ftf_assets.gate.decision import Decision
from ftf_assets.graph.check_history import AUDITED_CHECK, FailedCheck
from ftf_assets.graph.fit_events import Listener
from ftf_assets.graph.instance import open_instance
from ftf_assets.graph.jobs import DECIDE_JOB, SWEEP_JOB, sweep_tags
from ftf_assets.labels.cleaning.cleanlab_factor import CLEANLAB
from ftf_assets.labels.factor import RowFactor
from ftf_assets.report.file import report_file
from ftf_assets.rows.gate_decision import decision_from_rows
from ftf_assets.rows.records import plain_records
from ftf_assets.running.job_runs import JobRun, run_config, run_jobs
from ftf_assets.running.preflight import check_inputs
from ftf_assets.storage.audit_store import AuditStore
from ftf_assets.storage.home import Home
from ftf_assets.storage.home_lock import shared_lock
from ftf_assets.storage.results_database import NoResultsError, refresh_index
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.settings import SweepSettings
from ftf_assets.sweep.sweep import Sweep

#: Modules that the steps of the decision and the report import.
_DECIDING = (
    *("scipy.stats", "pyarrow.pandas_compat", "pandera.backends.pandas.builtin_checks"),
    *("matplotlib.figure", "matplotlib.backends.backend_svg", "ftf_assets.graph.picture_metadata"),
    *("ftf_assets.report.file", "ftf_assets.report.page_check", "ftf_assets.report.pictures_in_dagster_ui"),
    *("ftf_assets.gate.level_lines", "ftf_assets.rows.selection", "ftf_assets.rows.label_ceiling"),
)
#: Other runs of the home refresh the index too; after this time it is left to them.
_SECONDS_FOR_THE_INDEX = 30.0


@dataclass
class SweepRun:
    """What running a sweep gave; its rows lie in the results store.

    Attributes
    ----------
    run_ids
        Id of the Dagster run by crypto, for the cryptos that had something to run.
    decision
        The gate's decision; None for a sweep that compares nothing.
    report
        The HTML file that shows the decision; None without a decision.
    failed_checks
        The asset checks that have failed on these values, in this run or an earlier one.
    passed_checks
        Those that have passed: (crypto, asset, check), without a crypto where they cover the whole sweep.
    hints
        What would make the answer more certain, a sentence each: noise audits that are missing or found
        nothing.
    """

    run_ids: dict[str, str] = field(default_factory=dict)
    decision: Decision | None = None
    report: Path | None = None
    failed_checks: list[FailedCheck] = field(default_factory=list)
    passed_checks: list[CheckOf] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)


def run_sweep(
    sweep: Sweep,
    home: Home,
    *,
    on_fit: Listener,
    job: str = SWEEP_JOB,
) -> SweepRun:
    """Materialise the graph for every crypto of a sweep, side by side, then decide and report once.

    Only assets that are not current are made: exactly those that ``ftf plan`` names.

    Parameters
    ----------
    sweep
        What to run.
    home
        Folder for results, models, caches and Dagster records.
    on_fit
        Called with every fit that finishes.
    job
        Job that runs a crypto: ``SWEEP_JOB`` makes what is not current; ``SMOKE_JOB`` goes through every
        stage, and also runs the checks that need fits of their own.

    Raises
    ------
    InputError, StoreError, RunError, Interrupted
        As :func:`~ftf_assets.running.job_runs.run_jobs`. After a blocking check that failed, verdicts that
        the sweep has already are decided again: all are then ``INVALID``.
    """
    check_inputs(sweep, home)
    with shared_lock(home):  # what is current now must not be pruned before the runs have read it
        return _run(sweep, home, on_fit, job)


def _run(sweep: Sweep, home: Home, on_fit: Listener, job: str) -> SweepRun:
    config, settings = run_config(sweep, home), sweep.settings
    tags = sweep_tags(sweep.sweep_id, settings)
    assets: dict[str | None, tuple[str, ...] | None] = dict.fromkeys(sweep.cryptos)  # None: all of the job's
    if job == SWEEP_JOB:
        assets = _assets_to_make(sweep, home)
    deciding = assets.pop(None, None)
    runs = [
        JobRun(job, config, tags, crypto, assets=assets[crypto], libraries=_libraries(sweep))
        for crypto in sweep.longest_first
        if crypto in assets
    ]
    decide = [JobRun(DECIDE_JOB, config, tags, assets=deciding, libraries=_DECIDING)] if deciding else []
    try:
        results = run_jobs(runs, home, settings=settings, on_fit=on_fit, next_runs=decide) if runs else {}
    except BlockedError as blocked:
        if _is_decided(sweep, home):
            # Whoever reads the stored verdicts must not act on what they said before the check failed.
            _decide_after(blocked, JobRun(DECIDE_JOB, config, tags, libraries=_DECIDING), home, settings)
        raise
    run_ids = {crypto: results[crypto].run_id for crypto in sweep.cryptos if crypto in results}
    if decide:
        run_jobs(decide, home, settings=settings, on_fit=on_fit, fits=False)
    # The sweep is the most recent one even if there was nothing to make.
    ResultsStore(home).write_sweep(sweep.sweep_id, settings.model_dump_json())
    with open_instance(home) as instance:
        checks = latest_checks(sweep, instance)
    return outcome(sweep, home, run_ids, checks)


def _is_decided(sweep: Sweep, home: Home) -> bool:
    try:
        return not ResultsStore(home).decision(sweep.sweep_id).verdicts.empty
    except NoResultsError:
        return False


def _decide_after(blocked: BlockedError, decide: JobRun, home: Home, settings: SweepSettings) -> None:
    try:
        run_jobs([decide], home, settings=settings, on_fit=lambda _: None, fits=False)
    except FtfError as error:
        raise RunError(f"{blocked} Its verdicts could not be made INVALID: {error}") from blocked


def outcome(
    sweep: Sweep, home: Home, run_ids: dict[str, str], checks: Mapping[CheckOf, FailedCheck | None]
) -> SweepRun:
    """Read what a finished sweep gave.

    Parameters
    ----------
    sweep, home
        The sweep, and where its rows lie.
    run_ids
        As :class:`SweepRun` keeps them.
    checks
        As :func:`~ftf_assets.freshness.checks.latest_checks` gives them.

    Raises
    ------
    StoreError
        The results cannot be read.
    """
    failed = [check for check in checks.values() if check is not None]
    passed = [of for of, check in checks.items() if check is None]
    done = SweepRun(run_ids, failed_checks=failed, passed_checks=passed)
    refreshed = refresh_index(home, wait=_SECONDS_FOR_THE_INDEX)
    if sweep.settings.compares_variants:  # one variant alone has nothing to be compared with
        done.report = report_file(home, sweep.sweep_id)
        done.decision = _stored_decision(sweep, home)
        if not any(check.check == AUDITED_CHECK for check in failed):
            done.hints = _audit_hints(sweep, home)
    done.hints += [refreshed.note] if refreshed.note else []
    return done


def _audit_hints(sweep: Sweep, home: Home) -> list[str]:
    keys = {crypto: sweep.artifact_key("coerced_arrays", crypto) for crypto in sweep.cryptos}
    found, _ = AuditStore(home).audits(keys)
    return untrusted_cleaning(sweep.levels.get(CLEANLAB.name, ()), keys, plain_records(found))


def _assets_to_make(sweep: Sweep, home: Home) -> dict[str | None, tuple[str, ...] | None]:
    """Name the assets that are not current, by crypto; under None those that cover the whole sweep."""
    found: dict[str | None, tuple[str, ...]] = {}
    for stale in stale_assets(sweep, home):
        found[stale.crypto] = (*found.get(stale.crypto, ()), stale.asset)
    return dict(found)


def _stored_decision(sweep: Sweep, home: Home) -> Decision:
    return decision_from_rows(ResultsStore(home).decision(sweep.sweep_id))


def _libraries(sweep: Sweep) -> tuple[str, ...]:
    cleans = any(variant.only(RowFactor).moved for variant in sweep.variants)
    return (*(["cleanlab.filter"] if cleans else []), *(["optuna"] if sweep.tuning.active else []))
