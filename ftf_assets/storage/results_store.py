"""The results of sweeps: a crypto's rows are replaced in one step, a sweep's decision likewise."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.tables.cell_details import CELL_DETAILS
from ftf_assets.contracts.tables.finetune_results import PRIMARY_KEY
from ftf_assets.contracts.tables.frames import unvalidated_frame, with_contract_dtypes
from ftf_assets.contracts.tables.gate_decision import DecisionTables, GateMetrics, GateSummary, GateVerdicts
from ftf_assets.contracts.tables.label_ceiling import LabelCeiling
from ftf_assets.contracts.tables.label_suspects import LabelSuspects
from ftf_assets.contracts.tables.validation import validated
from ftf_assets.rows.factor_columns import finetune_results_contract
from ftf_assets.storage.result_objects import Partition, Version
from ftf_assets.storage.results_database import ResultsDatabase
from ftf_assets.storage.results_schema import select_partition_sql
from ftf_assets.sweep.settings import SweepSettings, stored_sweep_settings


class ResultsStore(ResultsDatabase):
    """Results of all sweeps: their settings, cells, the tables that break cells down, and decisions."""

    def write_partition(
        self,
        frame: pd.DataFrame,
        sweep_id: str,
        crypto: str,
        details: Mapping[str, pd.DataFrame] = MappingProxyType({}),
    ) -> None:
        """Replace everything that the store has of one crypto in one sweep, all or nothing.

        Parameters
        ----------
        frame
            Rows that satisfy ``FinetuneResults``.
        sweep_id, crypto
            The partition. Its old rows go, also those that the new ones no longer have.
        details
            Rows of the tables of ``CELL_DETAILS``, by name; a table that is left out has none.

        Raises
        ------
        InputError
            The rows break the contract or belong to another sweep or crypto.
        StoreError
            The store cannot be written; the old rows stay as they were.
        """
        frame = validated(finetune_results_contract(), frame, key=PRIMARY_KEY)
        _refuse_unknown(details)
        for rows in (frame, *details.values()):
            _refuse_foreign(rows, sweep_id, crypto)
        frames = {"finetune_results": frame, **details}
        self.objects.write(Partition("cells", sweep_id, crypto), frames, {})

    def details(self, table: str, sweep_id: str, crypto: str | None = None) -> pd.DataFrame:
        """Read a table that breaks cells down, ordered by its primary key.

        Parameters
        ----------
        table
            Name of a table of ``CELL_DETAILS``, such as ``weekly_results``.
        sweep_id, crypto
            The sweep; of its cryptos only this one, None takes all of them.

        Raises
        ------
        StoreError
            As :meth:`read`.
        """
        contract, key = CELL_DETAILS[table]
        query = select_partition_sql(table, key)
        found = self.select(query, [sweep_id, crypto], owner=sweep_id, kind="cells", crypto=crypto)
        return with_contract_dtypes(contract, found)

    def partition(self, sweep_id: str, crypto: str) -> dict[str, pd.DataFrame]:
        """Read everything that the store has of one crypto in one sweep, by table, the cells first.

        All tables are those of one version.

        Raises
        ------
        StoreError
            As :meth:`read`.
        """
        known = {"finetune_results": (finetune_results_contract(), PRIMARY_KEY), **CELL_DETAILS}
        found = self.select_all(
            [select_partition_sql(table, key) for table, (_, key) in known.items()],
            [sweep_id, crypto],
            owner=sweep_id,
            kind="cells",
            crypto=crypto,
        )
        contracts = [contract for contract, _ in known.values()]
        return dict(zip(known, map(with_contract_dtypes, contracts, found), strict=True))

    def load(self, sweep_id: str) -> None:
        """Read all partitions of a sweep side by side, so that reading them one by one is quick afterwards.

        Raises
        ------
        StoreError
            As :meth:`read`.
        """
        self.select_all([], owner=sweep_id)

    def suspects(self, sweep_id: str, cryptos: Sequence[str] = ()) -> pd.DataFrame:
        """Read the suspects of a sweep, ordered by crypto, fold, variant, cleaner and label quality.

        Parameters
        ----------
        sweep_id
            The sweep.
        cryptos
            Only these; empty takes all of them.

        Raises
        ------
        StoreError
            As :meth:`read`.
        """
        found = self.select(
            "SELECT * FROM label_suspects WHERE sweep_id = $1 AND (len($2) = 0 OR list_contains($2, crypto)) "
            "ORDER BY crypto, fold, variant, cleaner, label_quality, timestamp",
            [sweep_id, list(cryptos)],
            owner=sweep_id,
            kind="cells",
        )
        return with_contract_dtypes(LabelSuspects, found)

    def write_ceiling(self, rows: pd.DataFrame, sweep_id: str, crypto: str) -> None:
        """Replace one crypto's rows of ``label_ceiling`` in one sweep, all or nothing.

        Parameters
        ----------
        rows
            Rows that satisfy ``LabelCeiling``; none where the ceiling is off.
        sweep_id, crypto
            The partition. Its old rows go.

        Raises
        ------
        InputError, StoreError
            As :meth:`write_partition`.
        """
        _refuse_foreign(rows, sweep_id, crypto)
        self.objects.write(Partition("ceiling", sweep_id, crypto), {"label_ceiling": rows}, {})

    def ceiling(self, sweep_id: str, crypto: str | None = None) -> pd.DataFrame:
        """Read the rows of ``label_ceiling``, ordered by crypto, fold, noise, exposure and repeat.

        Parameters
        ----------
        sweep_id, crypto
            The sweep; of its cryptos only this one, None takes all of them.

        Raises
        ------
        StoreError
            As :meth:`read`.
        """
        return with_contract_dtypes(
            LabelCeiling,
            self.select(
                "SELECT * FROM label_ceiling WHERE sweep_id = $1 AND ($2 IS NULL OR crypto = $2) "
                "ORDER BY crypto, fold, noise, exposure, repeat",
                [sweep_id, crypto],
                owner=sweep_id,
                kind="ceiling",
                crypto=crypto,
            ),
        )

    def write_decision(self, decision: DecisionTables, sweep_id: str) -> None:
        """Replace the gate's decision on a sweep, all or nothing.

        Parameters
        ----------
        decision
            Rows that satisfy ``GateMetrics``, ``GateVerdicts`` and ``GateSummary``.
        sweep_id
            The sweep that they judge. Its old decision goes.

        Raises
        ------
        StoreError
            As :meth:`write_partition`.
        """
        frames = {f"gate_{name}": rows for name, rows in decision._asdict().items()}
        self.objects.write(Partition("decision", sweep_id), frames, {})

    def decision(self, sweep_id: str) -> DecisionTables:
        """Read the stored decision on a sweep, as decided; tables without a row where there is none.

        Raises
        ------
        StoreError
            As :meth:`read`.
        """
        metrics, verdicts, summary = self.select_all(
            [
                "SELECT * FROM gate_metrics WHERE sweep_id = $1 ORDER BY rowid",
                "SELECT * FROM gate_verdicts WHERE sweep_id = $1 ORDER BY rowid",
                "SELECT * FROM gate_summary WHERE sweep_id = $1",
            ],
            [sweep_id],
            owner=sweep_id,
            kind="decision",
        )
        return DecisionTables(
            with_contract_dtypes(GateMetrics, metrics),
            with_contract_dtypes(GateVerdicts, verdicts),
            with_contract_dtypes(GateSummary, summary),
        )

    def summaries(self) -> pd.DataFrame:
        """Read the row of ``gate_summary`` of every decided sweep, the one that wrote last first.

        No clock of a machine decides the order. Only decisions are read.

        Raises
        ------
        StoreError
            As :meth:`read`.
        """

        def attempt() -> list[pd.DataFrame]:
            versions = self.objects.current()
            decided = self.objects.read(v for v in versions if v.partition.kind == "decision")
            rows = {version.partition.owner: contents.tables for version, contents in decided.items()}
            order = _last_first(versions, "decision")
            return [rows[owner]["gate_summary"].to_pandas() for owner in order if owner in rows]

        found = self.objects.listed_again(attempt)
        if not found:
            return unvalidated_frame(GateSummary, [])
        return with_contract_dtypes(GateSummary, pd.concat(found, ignore_index=True))

    def write_sweep(self, sweep_id: str, settings: str) -> None:
        """Keep the settings of a sweep, a JSON object, and that it is the most recent one.

        Raises
        ------
        StoreError
            As :meth:`write_partition`.
        """
        if self.objects.listed_again(self._last_settings) == (sweep_id, settings):
            return
        self.objects.write(Partition("sweeps", sweep_id), {}, {"settings": settings})

    def write_settings(self, sweep_id: str, settings: str) -> None:
        """Keep the settings of a sweep where they changed; that alone does not make it the most recent one.

        Raises
        ------
        StoreError
            As :meth:`write_partition`.
        """
        stored = self.objects.listed_again(functools.partial(self._last_settings, sweep_id))
        if stored != (sweep_id, settings):
            self.objects.write(Partition("sweeps", sweep_id), {}, {"settings": settings})

    def _last_settings(self, sweep_id: str | None = None) -> tuple[str, str] | None:
        """Name the sweep that wrote its settings last, or this one, with them; None where there is none."""
        written = self.objects.of_kind("sweeps")
        known = [version for version in written if sweep_id in (None, version.partition.owner)][-1:]
        for version, contents in self.objects.read(known, other_schemas=True).items():
            return version.partition.owner, contents.facts["settings"]
        return None

    def sweeps(self) -> pd.DataFrame:
        """Read the sweeps: ``sweep_id`` and ``settings``, a JSON text.

        Raises
        ------
        StoreError
            As :meth:`read`.
        """
        found = self.objects.listed_again(lambda: self.objects.read(self.objects.of_kind("sweeps")))
        rows = sorted(
            (version.partition.owner, contents.facts["settings"]) for version, contents in found.items()
        )
        return pd.DataFrame(rows, columns=["sweep_id", "settings"])

    def settings(self, sweep_id: str) -> SweepSettings:
        """Read the resolved settings of a sweep.

        Raises
        ------
        InputError
            A sweep that the store does not have; the message lists those that it has.
        StoreError
            As :meth:`read`, and where another version of ftf wrote the settings.
        """
        texts = self.sweeps().set_index("sweep_id")["settings"]
        if sweep_id not in texts:
            raise InputError(f"no rows of sweep {sweep_id!r}; known: {', '.join(texts.index)}")
        return stored_sweep_settings(sweep_id, texts[sweep_id])

    def comparisons(self) -> Iterator[SweepSettings]:
        """Give the settings of the sweeps that compare variants, the one that wrote last first.

        A sweep of one variant, such as the smoke, is left out.

        Raises
        ------
        StoreError
            As :meth:`settings`.
        """
        for sweep_id in self.sweep_ids():
            settings = self.settings(sweep_id)
            if settings.compares_variants:
                yield settings

    def read(self, sweep_id: str | None = None, crypto: str | None = None) -> pd.DataFrame:
        """Read rows with the contract's dtypes, ordered by sweep_id, crypto, fold and variant.

        Parameters
        ----------
        sweep_id, crypto
            None takes all of them.

        Raises
        ------
        StoreError
            There is no store yet, or it cannot be opened.
        """
        return with_contract_dtypes(
            finetune_results_contract(),
            self.select(
                "SELECT * FROM finetune_results "
                "WHERE ($1 IS NULL OR sweep_id = $1) AND ($2 IS NULL OR crypto = $2) "
                "ORDER BY sweep_id, crypto, fold, variant",
                [sweep_id, crypto],
                owner=sweep_id,
                kind=None if sweep_id is None else "cells",
                crypto=None if sweep_id is None else crypto,
            ),
        )

    def leaderboard(self, sweep_id: str) -> pd.DataFrame:
        """Read the variants of a sweep with their mean metrics, best ``roc_auc`` first.

        Raises
        ------
        StoreError
            As :meth:`read`.
        """
        return self.select(
            "SELECT * FROM leaderboard WHERE sweep_id = $1 ORDER BY roc_auc DESC NULLS LAST, variant",
            [sweep_id],
            owner=sweep_id,
            kind="cells",
        )

    def sweep_ids(self) -> list[str]:
        """Name every sweep that has rows, the one that was run last first.

        Raises
        ------
        StoreError
            As :meth:`read`.
        """
        return _last_first(self.objects.current(), "cells")

    def latest_sweep_id(self) -> str:
        """Name the sweep that was run last, of those that have rows.

        Raises
        ------
        StoreError
            As :meth:`read`, and where the store holds no row.
        """
        newest_first = self.sweep_ids()
        if not newest_first:
            raise self._no_results()
        return newest_first[0]


def _last_first(versions: Sequence[Version], kind: str) -> list[str]:
    """Name the sweeps that have a version of a kind, the one that wrote last first."""
    having = {version.partition.owner for version in versions if version.partition.kind == kind}
    newest_last = sorted(
        (version for version in versions if version.partition.kind == "sweeps"),
        key=lambda version: (version.counter, version.name),
    )
    ordered = [v.partition.owner for v in reversed(newest_last) if v.partition.owner in having]
    return [*ordered, *sorted(having - set(ordered))]


def _refuse_unknown(details: Mapping[str, pd.DataFrame]) -> None:
    unknown = sorted(set(details) - set(CELL_DETAILS))
    if unknown:
        raise input_error(
            "the store has no such tables of details", found=unknown, allowed=", ".join(CELL_DETAILS)
        )


def _refuse_foreign(frame: pd.DataFrame, sweep_id: str, crypto: str) -> None:
    foreign = frame[(frame["sweep_id"] != sweep_id) | (frame["crypto"] != crypto)]
    if len(foreign):
        raise input_error(
            "these rows belong to another sweep or crypto",
            crypto=crypto,
            found=f"{foreign['sweep_id'].iloc[0]}, {foreign['crypto'].iloc[0]}",
            allowed=f"{sweep_id}, {crypto}",
        )
