"""Where the reports of a home are served, and the address of one of them."""

from __future__ import annotations

import os
from urllib.parse import SplitResult, urlsplit

from ftf_assets.contracts.errors import input_error

#: Variable with the address under which people reach the reports. ``ftf ui`` sets it for its own server.
ADDRESS_VARIABLE = "FTF_REPORT_URL"
#: The list of reports; below it each report has the name that it has in the home.
REPORTS_PATH = "/reports/"


def reports_address() -> str | None:
    """Give the address of the list of reports; None where nobody has said that they are served.

    Raises
    ------
    InputError
        ``FTF_REPORT_URL`` is no address, or holds a credential, which would be stored with every run.

    Examples
    --------
    >>> import os
    >>> os.environ["FTF_REPORT_URL"] = "https://ftf.example.org"
    >>> reports_address()
    'https://ftf.example.org/reports/'
    >>> report_address("ftf_0123456789ab")
    'https://ftf.example.org/reports/ftf_0123456789ab.html'
    >>> del os.environ["FTF_REPORT_URL"]
    """
    address = os.environ.get(ADDRESS_VARIABLE, "").strip().rstrip("/")
    if not address:
        return None
    parts = _parts(address)
    if "@" in (address if parts is None else parts.netloc):
        raise input_error(
            f"{ADDRESS_VARIABLE} must not hold credentials, which would be shown and stored",
            fix="The proxy before the reports asks for them.",
        )
    if (
        parts is None
        or parts.scheme not in ("http", "https")
        or not parts.hostname
        or "*" in parts.hostname
        or parts.query
        or parts.fragment
    ):
        raise input_error(
            f"{ADDRESS_VARIABLE} is not an address",
            found=repr(address),
            allowed="http:// or https:// and a host, such as https://ftf.example.org",
        )
    return address + REPORTS_PATH


def _parts(address: str) -> SplitResult | None:
    """Split an address; None where its brackets, its port or its characters are those of none."""
    try:
        parts = urlsplit(address)
        return parts if parts.port != 0 and address.isprintable() and " " not in address else None
    except ValueError:
        return None


def report_address(sweep_id: str) -> str | None:
    """Give the address of the report of a sweep. None, and errors, as :func:`reports_address`."""
    reports = reports_address()
    return None if reports is None else f"{reports}{sweep_id}.html"
