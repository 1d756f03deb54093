"""Kill points: a process kills itself by SIGKILL when a named moment occurs for the n-th time.

Each moment is a patch of a boundary (the file system, the object store, DuckDB, SQLAlchemy, the booster) that
is installed in the process before the command runs. So the real command dies, at a chosen instruction.
"""

from __future__ import annotations

import functools
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb

from ftf_assets.running import fresh_processes


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_at(count: int) -> Callable[..., None]:
    """Return a function that does nothing until its ``count``-th call, which kills the process.

    What it is given is done first then.
    """
    left = iter(range(count - 1, -1, -1))

    def occur(last_act: Callable[[], None] = lambda: None) -> None:
        if next(left, 1) == 0:
            last_act()
            die()

    return occur


def _before_moving(suffix: str, count: int) -> None:
    """Before a finished temporary file is moved to its place."""
    occur, move = _die_at(count), Path.replace

    def replace(self: Path, target: Path) -> Path:
        if str(target).endswith(suffix):
            occur()
        return move(self, target)

    Path.replace = replace  # type: ignore[method-assign]


def _at_rows(count: int, *, after: bool = False) -> None:
    """Before or after the rows of a crypto are put in their place, where there are none yet."""
    occur, link = _die_at(count), os.link

    def dying_link(source: Any, target: Any) -> None:
        is_rows = "/cells/" in str(target)
        if is_rows and not after:
            occur()
        link(source, target)
        if is_rows and after:
            occur()

    os.link = dying_link  # type: ignore[assignment]


def _half_written(suffix: str, count: int) -> None:
    """After half of a file's bytes have been written."""
    occur, write = _die_at(count), Path.write_bytes

    def write_bytes(self: Path, data: bytes) -> int:
        if suffix in self.name:
            write(self, bytes(data)[: len(data) // 2])
            occur()
        return write(self, data)

    Path.write_bytes = write_bytes  # type: ignore[method-assign, assignment]


def _in_a_fit(count: int) -> None:
    from ftf_assets.training import boosting

    occur, fit = _die_at(count), boosting.fit_booster

    @functools.wraps(fit)
    def fit_booster(*arguments: Any, **settings: Any) -> Any:
        occur()
        return fit(*arguments, **settings)

    boosting.fit_booster = fit_booster


class _DyingConnection:
    """A DuckDB connection whose process dies before or after one of its statements."""

    def __init__(self, connection: Any, statement: str, occur: Callable[[], None], *, after: bool) -> None:
        self._connection, self._statement, self._occur, self._after = connection, statement, occur, after

    def execute(self, query: str, *parameters: Any) -> Any:
        hit = query.startswith(self._statement)
        if hit and not self._after:
            self._occur()
        result = self._connection.execute(query, *parameters)
        if hit and self._after:
            self._occur()
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def _in_duckdb(statement: str, count: int, *, after: bool = False) -> None:
    occur, connect = _die_at(count), duckdb.connect

    def dying_connect(*arguments: Any, **settings: Any) -> _DyingConnection:
        return _DyingConnection(connect(*arguments, **settings), statement, occur, after=after)

    duckdb.connect = dying_connect


def _in_the_event_log(count: int) -> None:
    """Between two SQL statements of Dagster's own stores, the first of which create their tables."""
    import sqlalchemy

    occur = _die_at(count)
    sqlalchemy.event.listen(sqlalchemy.engine.Engine, "before_cursor_execute", lambda *_: occur())


def _at_upload(folder: str, suffix: str, when: str, count: int) -> None:
    """Before an object of a folder is uploaded, with half of it sent, or after the store has it."""
    import obstore

    occur, put = _die_at(count), obstore.put

    def dying_put(store: Any, name: str, content: bytes, **settings: Any) -> Any:
        hit = folder in f"/{name}" and name.endswith(suffix)
        if hit and when != "after":
            occur(functools.partial(_upload_half, store, name, content) if when == "half" else lambda: None)
        result = put(store, name, content, **settings)
        if hit and when == "after":
            occur()
        return result

    obstore.put = dying_put


def _upload_half(store: Any, name: str, content: bytes) -> None:
    """Send the head of a request and half of its body, and wait until the store has received them."""
    address = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    path = f"/{store.config['bucket']}/{store.prefix}/{name}"
    head = f"PUT {path} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {len(content)}\r\n\r\n"
    connection = socket.create_connection((str(address.hostname), int(address.port or 80)))
    connection.sendall(head.encode() + bytes(content)[: len(content) // 2])
    time.sleep(0.1)


#: Name of a moment to what installs it. Each takes the number of the occurrence that is fatal.
MOMENTS: dict[str, Callable[[int], None]] = {
    "in Dagster's own stores": _in_the_event_log,
    "in a fit": _in_a_fit,
    "half a pack written": functools.partial(_half_written, ".pack"),
    "a pack not yet in place": functools.partial(_before_moving, ".pack"),
    "a header not yet in place": functools.partial(_before_moving, "header.json"),
    "the new index not yet in place": functools.partial(_before_moving, "results.duckdb"),
    "half of the rows written": functools.partial(_half_written, ".zip"),
    "the rows not yet in place": _at_rows,
    "the rows in place, the older ones not removed": functools.partial(_at_rows, after=True),
    "in the transaction of the index": functools.partial(_in_duckdb, "INSERT INTO finetune_results"),
    "before the commit of the index": functools.partial(_in_duckdb, "COMMIT"),
    "after its commit, before the file is closed": functools.partial(_in_duckdb, "COMMIT", after=True),
    "the report not yet in place": functools.partial(_before_moving, ".html"),
}


#: Likewise where the home is a bucket. Fits are written on the machine first, so those moments are the same.
BUCKET_MOMENTS: dict[str, Callable[[int], None]] = {
    **{
        moment: install
        for moment, install in MOMENTS.items()
        if "rows" not in moment and "report" not in moment
    },
    "half a pack of arrays uploaded": functools.partial(_at_upload, "/artifacts/", ".pack", "half"),
    "a pack of arrays uploaded, its header not": functools.partial(
        _at_upload, "/artifacts/", "header.json", "before"
    ),
    "half a pack of fits uploaded": functools.partial(_at_upload, "/fits/", ".zip", "half"),
    "a pack of fits uploaded, its keys not": functools.partial(_at_upload, "/fits/", ".json", "before"),
    "half of the rows uploaded": functools.partial(_at_upload, "/cells/", ".zip", "half"),
    "the rows not yet uploaded": functools.partial(_at_upload, "/cells/", ".zip", "before"),
    "the rows uploaded, the older ones not removed": functools.partial(
        _at_upload, "/cells/", ".zip", "after"
    ),
    "the report not yet uploaded": functools.partial(_at_upload, "/reports/", ".html", "before"),
}


def plant(moment: str, count: int) -> None:
    """Have this process die when ``moment`` occurs for the ``count``-th time, or a child where it occurs.

    A fork inherits the patch. A fresh interpreter, which each child of a home in a bucket is, plants its own.
    """
    own = f"from {__name__} import plant\nplant({moment!r}, {count})\n"
    first = "from ftf_assets"
    assert own not in fresh_processes._START
    fresh_processes._START = fresh_processes._START.replace(first, own + first, 1)
    (MOMENTS | BUCKET_MOMENTS)[moment](count)
