"""The report server: a socket of its own, and a thread that answers on it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import uvicorn

from ftf_assets.serving.listening import LOOPBACK, Listening
from ftf_assets.serving.report_address import ADDRESS_VARIABLE
from ftf_assets.serving.report_pages import HEADERS, report_pages
from ftf_assets.storage.home import Home

#: Seconds that requests in progress get to end.
_SECONDS_TO_END = 3


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
        The port is in use, or this machine does not have the address.
    """
    opened = at.open(flag)
    server = uvicorn.Server(
        uvicorn.Config(
            report_pages(home, _names_of(at)),
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
        yield
    finally:
        server.should_exit = True
        thread.join()


def _names_of(at: Listening) -> list[str]:
    """Give the names by which a server on loopback may be called: its own, and that of a proxy before it."""
    if not at.host.is_loopback:
        return ["*"]
    proxy = urlsplit(os.environ.get(ADDRESS_VARIABLE, "")).hostname
    return [LOOPBACK, "localhost", "[::1]", at.host_in_url, *([proxy] if proxy else [])]
