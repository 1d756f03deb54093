"""The results store: one DuckDB file, one process at a time, one transaction a partition."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd
from filelock import FileLock, Timeout

from ftf_assets.contracts.errors import StoreBusyError, StoreError, input_error
from ftf_assets.contracts.frames import contract_frame, with_contract_dtypes
from ftf_assets.contracts.gate import GateMetrics, GateVerdicts
from ftf_assets.contracts.regimes import RegimeResults
from ftf_assets.contracts.results import PRIMARY_KEY
from ftf_assets.contracts.suspects import LabelSuspects, with_suspects_dtypes
from ftf_assets.contracts.table_validation import validated
from ftf_assets.labels.factors import FACTORS
from ftf_assets.rows.results_table import finetune_results
from ftf_assets.storage.results_migration import carry_over_sql, is_current
from ftf_assets.storage.results_schema import create_schema_sql

#: The state in which this process has seen or left a store that is up to date. To look through the columns of
#: all tables takes longer than to open the file.
_looked_through: dict[Path, tuple[Hashable, ...] | None] = {}


class ResultsStore:
    """Results of all sweeps in a DuckDB file behind a lock file.

    DuckDB lets one process write. A lock file beside the database makes the others wait, so parallel
    backfills queue up and never fail. Every call opens the database, works and closes it: between calls
    the file is free for ``duckdb`` on a terminal.

    Parameters
    ----------
    path
        The database file; created by the first write, with its parent directories.
    lock_timeout
        Seconds to wait for other processes.
    """

    def __init__(self, path: Path, *, lock_timeout: float = 600.0) -> None:
        self.path = Path(path)
        self.lock_path = self.path.with_name(self.path.name + ".lock")
        self.lock_timeout = lock_timeout

    def write_partition(
        self,
        frame: pd.DataFrame,
        sweep_id: str,
        crypto: str,
        *,
        regimes: pd.DataFrame | None = None,
        suspects: pd.DataFrame | None = None,
    ) -> None:
        """Replace everything that the store has of one crypto in one sweep, all or nothing.

        Parameters
        ----------
        frame
            Rows that satisfy ``FinetuneResults``. Times are kept to the microsecond; ``created_at`` never
            precedes that of rows written before.
        sweep_id, crypto
            The partition. Its old rows go, also those that the new ones no longer have.
        regimes, suspects
            Rows that satisfy ``RegimeResults`` and ``LabelSuspects``; None for none.

        Raises
        ------
        InputError
            Where rows break the contract or belong to another partition.
        StoreBusyError
            Where the file is locked for too long; the old rows stay as they were.
        StoreError
            Where it is no results store, or cannot be written; the old rows stay as they were.
        """
        frame = validated(finetune_results(), frame, key=PRIMARY_KEY)
        regimes = contract_frame(RegimeResults, []) if regimes is None else regimes
        suspects = contract_frame(LabelSuspects, []) if suspects is None else suspects
        for rows in (frame, regimes, suspects):
            _refuse_foreign(rows, sweep_id, crypto)
        partition = [sweep_id, crypto]
        with self._lock():
            if not self.path.exists():
                self._create()
            with self._connection(read_only=False) as connection:
                connection.register("new_rows", frame)
                connection.register("new_regimes", regimes)
                connection.register("new_suspects", suspects)
                # Whatever raises before COMMIT closes the connection, and that rolls back.
                connection.execute("BEGIN TRANSACTION")
                connection.execute(
                    "DELETE FROM finetune_results WHERE sweep_id = $1 AND crypto = $2", partition
                )
                connection.execute(
                    "DELETE FROM regime_results WHERE sweep_id = $1 AND crypto = $2", partition
                )
                connection.execute(
                    "DELETE FROM label_suspects WHERE sweep_id = $1 AND crypto = $2", partition
                )
                # A clock that was set back must not make this sweep look older than those before it.
                connection.execute(
                    "INSERT INTO finetune_results BY NAME SELECT new_rows.* REPLACE "
                    "(CASE WHEN created_at < newest THEN newest + INTERVAL 1 MICROSECOND "
                    "ELSE created_at END AS created_at) "
                    "FROM new_rows, (SELECT max(created_at) AS newest FROM finetune_results) AS before"
                )
                connection.execute("INSERT INTO regime_results BY NAME SELECT * FROM new_regimes")
                connection.execute("INSERT INTO label_suspects BY NAME SELECT * FROM new_suspects")
                connection.execute("COMMIT")

    def regimes(self, sweep_id: str, crypto: str | None = None) -> pd.DataFrame:
        """Read the rows by market regime, ordered by crypto, fold, variant and regime.

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
            RegimeResults,
            self._select(
                "SELECT * FROM regime_results WHERE sweep_id = $1 AND ($2 IS NULL OR crypto = $2) "
                "ORDER BY crypto, fold, variant, regime",
                [sweep_id, crypto],
            ),
        )

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
        found = self._select(
            "SELECT * FROM label_suspects WHERE sweep_id = $1 AND (len($2) = 0 OR list_contains($2, crypto)) "
            "ORDER BY crypto, fold, variant, cleaner, label_quality, timestamp",
            [sweep_id, list(cryptos)],
        )
        return with_suspects_dtypes(found)

    def write_decision(self, metrics: pd.DataFrame, verdicts: pd.DataFrame, sweep_id: str) -> None:
        """Replace the gate's decision on a sweep, all or nothing.

        Parameters
        ----------
        metrics, verdicts
            Rows that satisfy ``GateMetrics`` and ``GateVerdicts``.
        sweep_id
            The sweep that they judge. Its old decision goes.

        Raises
        ------
        StoreError
            As :meth:`write_partition`.
        """
        with self._lock(), self._connection(read_only=False) as connection:
            connection.register("new_metrics", metrics)
            connection.register("new_verdicts", verdicts)
            connection.execute("BEGIN TRANSACTION")
            connection.execute("DELETE FROM gate_metrics WHERE sweep_id = $1", [sweep_id])
            connection.execute("DELETE FROM gate_verdicts WHERE sweep_id = $1", [sweep_id])
            connection.execute("INSERT INTO gate_metrics BY NAME SELECT * FROM new_metrics")
            connection.execute("INSERT INTO gate_verdicts BY NAME SELECT * FROM new_verdicts")
            connection.execute("COMMIT")

    def decision(self, sweep_id: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Read the stored decision on a sweep: rows of ``gate_metrics`` and of ``gate_verdicts``, as decided.

        Raises
        ------
        StoreError
            As :meth:`read`.
        """
        metrics = self._select("SELECT * FROM gate_metrics WHERE sweep_id = $1 ORDER BY rowid", [sweep_id])
        verdicts = self._select("SELECT * FROM gate_verdicts WHERE sweep_id = $1 ORDER BY rowid", [sweep_id])
        return with_contract_dtypes(GateMetrics, metrics), with_contract_dtypes(GateVerdicts, verdicts)

    def write_sweep(self, sweep_id: str, settings: str) -> None:
        """Keep the settings of a sweep, a JSON object: what its rows were made from.

        Raises
        ------
        StoreError
            As :meth:`write_partition`.
        """
        with self._lock():
            if not self.path.exists():
                self._create()
            with self._connection(read_only=False) as connection:
                connection.execute("INSERT OR REPLACE INTO sweeps VALUES ($1, $2)", [sweep_id, settings])

    def sweeps(self) -> pd.DataFrame:
        """Read the sweeps: ``sweep_id`` and ``settings``, a JSON text.

        Raises
        ------
        StoreError
            As :meth:`read`.
        """
        return self._select(
            "SELECT sweep_id, settings::VARCHAR AS settings FROM sweeps ORDER BY sweep_id", []
        )

    def read(self, sweep_id: str | None = None, crypto: str | None = None) -> pd.DataFrame:
        """Read rows with the contract's dtypes, ordered by sweep_id, crypto, fold and variant.

        Parameters
        ----------
        sweep_id, crypto
            None takes all of them.

        Raises
        ------
        StoreError
            Where there is no store yet, or it cannot be opened.
        """
        return with_contract_dtypes(
            finetune_results(),
            self._select(
                "SELECT * FROM finetune_results "
                "WHERE ($1 IS NULL OR sweep_id = $1) AND ($2 IS NULL OR crypto = $2) "
                "ORDER BY sweep_id, crypto, fold, variant",
                [sweep_id, crypto],
            ),
        )

    def leaderboard(self, sweep_id: str) -> pd.DataFrame:
        """Read the variants of a sweep with their mean metrics, best ``f1_buy`` first.

        Raises
        ------
        StoreError
            As :meth:`read`.
        """
        return self._select(
            "SELECT * FROM leaderboard WHERE sweep_id = $1 ORDER BY f1_buy DESC NULLS LAST, variant",
            [sweep_id],
        )

    def sweep_ids(self) -> list[str]:
        """Name every sweep that has rows, the one that wrote last first.

        Raises
        ------
        StoreError
            As :meth:`read`.
        """
        newest_first = self._select(
            "SELECT sweep_id FROM finetune_results GROUP BY sweep_id ORDER BY max(created_at) DESC, sweep_id",
            [],
        )
        return [str(sweep_id) for sweep_id in newest_first["sweep_id"]]

    def latest_sweep_id(self) -> str:
        """Name the sweep that wrote the newest row.

        Raises
        ------
        StoreError
            As :meth:`read`, and where the store holds no row.
        """
        newest_first = self.sweep_ids()
        if not newest_first:
            raise self._no_results()
        return newest_first[0]

    def _select(self, query: str, parameters: Sequence[str | list[str] | None]) -> pd.DataFrame:
        if not self.path.exists():
            raise self._no_results()
        with self._lock(), self._connection(read_only=True) as connection:
            return connection.execute(query, parameters).df()

    def _no_results(self) -> StoreError:
        return StoreError(f"no results yet: {self.path} holds no row. Run a sweep first: ftf sweep")

    @contextmanager
    def _lock(self) -> Iterator[None]:
        lock = FileLock(self.lock_path, timeout=self.lock_timeout)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout:
            raise StoreBusyError(
                f"waited {self.lock_timeout:g} s for the lock {self.lock_path}: another process works on "
                f"{self.path}. Wait for it or end it; a lock file that nobody holds does no harm"
            ) from None
        except OSError as error:
            raise StoreError(f"{self.lock_path} cannot be written: {error.strerror or error}") from error
        try:
            yield
        finally:
            lock.release()

    def _create(self, carry_over: Sequence[str] = ()) -> None:
        """Build the store beside its place and move it there: a kill leaves no half schema.

        Parameters
        ----------
        carry_over
            Statements that bring in the rows of an older file.
        """
        unfinished = self.path.with_name(self.path.name + ".unfinished")
        for leftover in (unfinished, unfinished.with_name(unfinished.name + ".wal")):
            leftover.unlink(missing_ok=True)
        with _opened(unfinished, read_only=False) as connection:
            for statement in (*create_schema_sql(), *carry_over):
                connection.execute(statement)
        unfinished.replace(self.path)

    @contextmanager
    def _connection(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        state = _state_of(self.path)
        if state is None or _looked_through.get(self.path) != state:
            self._bring_up_to_date()
        with _opened(self.path, read_only=read_only) as connection:
            yield connection
        # Nobody else has written since: the lock is still ours.
        _looked_through[self.path] = _state_of(self.path)

    def _bring_up_to_date(self) -> None:
        # Opening for writing may already touch a file, so its version is read first, from a look at it.
        with _opened(self.path, read_only=True) as connection:
            if is_current(connection, self.path):
                return
            carry_over = carry_over_sql(connection, self.path)
        # What a killed writer left in the old file's log goes into the file before it is read.
        with _opened(self.path, read_only=False) as connection:
            connection.execute("CHECKPOINT")
        self._create(carry_over)


def _state_of(path: Path) -> tuple[Hashable, ...] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    # A column for every factor of the registry is part of being up to date.
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, *FACTORS


def _refuse_foreign(frame: pd.DataFrame, sweep_id: str, crypto: str) -> None:
    foreign = frame[(frame["sweep_id"] != sweep_id) | (frame["crypto"] != crypto)]
    if len(foreign):
        raise input_error(
            "rows of another partition",
            crypto=crypto,
            found=f"{foreign['sweep_id'].iloc[0]}, {foreign['crypto'].iloc[0]}",
            allowed=f"{sweep_id}, {crypto}",
        )


@contextmanager
def _opened(path: Path, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open, yield and always close a connection; what DuckDB says becomes a StoreError."""
    try:
        connection = duckdb.connect(str(path), read_only=read_only)
        try:
            yield connection
        finally:
            connection.close()
    except duckdb.Error as error:
        said = str(error).splitlines()[0]
        fix = (
            "Close the program that holds it"
            if "lock" in said
            else "Make room or mend the disk; a damaged file can be moved away, and the same sweep then "
            "goes on from its finished fits"
        )
        raise StoreError(f"{path}: DuckDB says: {said}. {fix}") from error
