"""The report server: a socket of its own, and a thread that answers on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import uvicorn

from ftf_assets.contracts.errors import RunError
from ftf_assets.serving.listening import LOOPBACK, Listening
from ftf_assets.serving.report_address import reports_address
from ftf_assets.serving.report_pages import HEADERS, report_pages
from ftf_assets.storage.home import Home

#: Seconds that requests in progress get to end.
_SECONDS_TO_END = 3
#: Seconds in which a server answers at the latest, and in which it ends: many, for a machine that is busy.
_SECONDS_TO_START = 60


@contextmanager
def served_reports(home: Home, at: Listening, flag: str) -> Iterator[None]:
    """Serve the reports of a home, read only, until the block ends.

    Parameters
    ----------
    home
        Whose reports.
    at
        Where to listen.
    flag
        The flag that names another port, for the error.

    Raises
    ------
    InputError
        The port is in use, this machine does not have the address, or ``FTF_REPORT_URL`` is none.
    RunError
        The server does not begin to answer.
    """
    names = _names_of(at)
    opened = at.open(flag)
    server = uvicorn.Server(
        uvicorn.Config(
            report_pages(home, names),
            headers=list(HEADERS.items()),
            server_header=False,
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=_SECONDS_TO_END,
        )
    )
    # Not in the main thread: there uvicorn would take the signals that stop the command.
    thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]}, name="reports", daemon=True)
    thread.start()
    try:
        _wait_until_it_answers(server, thread, at)
        yield
    finally:
        server.should_exit = True
        thread.join(_SECONDS_TO_START)
        opened.close()  # a server that never began leaves it open


def _wait_until_it_answers(server: uvicorn.Server, thread: threading.Thread, at: Listening) -> None:
    latest = time.monotonic() + _SECONDS_TO_START
    while not server.started:
        if not thread.is_alive() or time.monotonic() > latest:
            raise RunError(
                f"the server of the reports does not answer on {at}: it ended as it began, or hangs"
            )
        time.sleep(0.01)


def _names_of(at: Listening) -> list[str]:
    """Give the names by which the server may be called: its own, and that of the address that people use.

    Another site can make its own name lead here and then read, through a browser, what the browser reaches.
    ``*`` allows any name: on a network whose address for people nobody has given, no name is known.
    """
    address = reports_address()
    if address is None and not at.host.is_loopback:
        return ["*"]
    named = urlsplit(address or "").hostname
    proxy = [] if named is None else [f"[{named}]" if ":" in named else named]
    return [LOOPBACK, "localhost", "[::1]", at.host_in_url, *proxy]
