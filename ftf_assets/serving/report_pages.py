"""What the report server answers: the list of reports, and each report as it lies in the home."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.serving.report_address import REPORTS_PATH
from ftf_assets.storage.blobs.protocol import BlobMissing
from ftf_assets.storage.home import Home

logger = logging.getLogger(__name__)

#: Of every answer. A report is one file with its own style and pictures, and runs no script.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}


def report_pages(home: Home, hosts: Sequence[str]) -> Starlette:
    """Make the application.

    Parameters
    ----------
    home
        Whose reports are served. Each request reads it anew.
    hosts
        Names by which the server may be called; ``*`` allows any. A name of another site, which that site can
        make lead here, must not be able to read reports.
    """

    def reports(_request: Request) -> Response:
        return HTMLResponse(_list_page(home))

    def report(request: Request) -> Response:
        try:
            return HTMLResponse(home.blobs.get(home.report_name(request.path_params["sweep_id"])))
        except (InputError, BlobMissing):
            raise HTTPException(404) from None

    def to_the_list(_request: Request) -> Response:
        return RedirectResponse(REPORTS_PATH)

    return Starlette(
        routes=[
            Route("/", to_the_list),
            Route(REPORTS_PATH.rstrip("/"), to_the_list),
            Route(REPORTS_PATH, reports),
            Route(REPORTS_PATH + "{sweep_id}.html", report),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)],
        exception_handlers={404: _absent, StoreError: _unreadable},
    )


def _absent(_request: Request, _error: Exception) -> Response:
    return PlainTextResponse(f"There is no such report. {REPORTS_PATH} lists those of this home.\n", 404)


def _unreadable(_request: Request, error: Exception) -> Response:
    logger.error("event=reports_unreadable error=%s", error)  # it can name folders, so it stays here
    return PlainTextResponse(
        "The reports cannot be read at the moment; the log of their server says why.\n", 503
    )


def _list_page(home: Home) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("reports.html.j2").render(reports=listed_reports(home))


def listed_reports(home: Home) -> list[dict[str, Any]]:
    """Give what the list shows of every report, the newest decision first.

    A report whose decision is gone, as after the folder of the results was moved away, is listed by the time
    at which it was written.

    Raises
    ------
    StoreError
        The home cannot be read.
    """
    from ftf_assets.storage.results_store import ResultsStore

    written = {
        Path(entry.name).stem: pd.Timestamp(entry.modified, unit="s", tz="UTC")
        for entry in home.blobs.entries("reports/")
        if _is_report(home, entry.name)
    }
    decided = ResultsStore(home).summaries().set_index("sweep_id") if written else pd.DataFrame()
    found = []
    for sweep_id, when in written.items():
        row = decided.loc[sweep_id] if sweep_id in decided.index else None
        found.append(
            {
                "sweep_id": sweep_id,
                "answer": None if row is None else row["headline"],
                "size": None if row is None else f"cryptos: {row['n_cryptos']}, folds: {row['n_folds']}",
                "when": when if row is None else row["created_at"],
            }
        )
    return sorted(found, key=lambda one: one["when"], reverse=True)


def _is_report(home: Home, name: str) -> bool:
    """Whether the pages serve this blob: what people put beside the reports is theirs."""
    try:
        return home.report_name(Path(name).stem) == name
    except InputError:
        return False
