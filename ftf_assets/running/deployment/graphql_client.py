"""Questions to the GraphQL API of a deployment's webserver, with bounded retries."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from ftf_assets.contracts.errors import RunError, input_error, shown

#: Address of the deployment's webserver, where no flag names it.
DEPLOYMENT_VARIABLE = "FTF_DEPLOYMENT"
#: Credentials for the proxy in front of the webserver: a bearer token, or a user and a password.
TOKEN_VARIABLE = "FTF_DEPLOYMENT_TOKEN"  # noqa: S105  the name of a variable
USER_VARIABLE, PASSWORD_VARIABLE = "FTF_DEPLOYMENT_USER", "FTF_DEPLOYMENT_PASSWORD"

#: Seconds until a connection, and until the answer.
_TIMEOUT = (10.0, 60.0)
#: Seconds to wait before each retry: a webserver that restarts is back within a minute.
_WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
#: The same before its first answer: most likely its address is wrong.
_FIRST_WAITS = (0.5, 1.0)
#: Answers of a proxy whose webserver is away or busy.
_AWAY = {429, 502, 503, 504}


class UnreachableError(RunError):
    """The webserver gave no answer, also after retries."""


class UnclearError(UnreachableError):
    """No answer came: the webserver may have carried out the request, or not."""


@dataclass(eq=False)
class Deployment:
    """The webserver of a Dagster deployment.

    Attributes
    ----------
    url
        Its address, such as ``https://dagster.example.org``; it holds no credentials.
    pause
        Called with the seconds to wait before a retry.
    """

    url: str
    pause: Callable[[float], None] = time.sleep
    _answered: bool = False
    _session: requests.Session = field(default_factory=requests.Session, repr=False)

    @classmethod
    def locate(cls, url: str | None = None) -> Deployment:
        """Find the deployment: ``url``, else the variable ``FTF_DEPLOYMENT``.

        Credentials come from ``FTF_DEPLOYMENT_TOKEN``, or ``FTF_DEPLOYMENT_USER`` and
        ``FTF_DEPLOYMENT_PASSWORD``. They are sent to this address only, and never stored or printed.

        Raises
        ------
        InputError
            No address, one that is not http or https, or one that holds credentials.
        """
        address = (url or os.environ.get(DEPLOYMENT_VARIABLE) or "").strip().rstrip("/")
        parts = urlsplit(address)
        if not address:
            raise input_error(
                "no deployment is named",
                fix=f"Give --deployment URL or set {DEPLOYMENT_VARIABLE}, such as http://127.0.0.1:3000",
            )
        if "@" in parts.netloc:
            raise input_error(
                "the address of a deployment must not hold credentials, which would be printed and stored",
                fix=f"Set {TOKEN_VARIABLE}, or {USER_VARIABLE} and {PASSWORD_VARIABLE}",
            )
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise input_error(
                "not the address of a deployment",
                found=repr(address),
                allowed="http:// or https:// and a host, such as http://127.0.0.1:3000",
            )
        found = cls(address.removesuffix("/graphql"))
        token, user = os.environ.get(TOKEN_VARIABLE), os.environ.get(USER_VARIABLE)
        if token:  # as auth and no header: a .netrc would replace the header
            found._session.auth = _bearer(token)
        elif user:
            found._session.auth = (user, os.environ.get(PASSWORD_VARIABLE, ""))
        return found

    def ask(
        self, query: str, variables: Mapping[str, Any] | None = None, *, repeat: bool = True
    ) -> dict[str, Any]:
        """Send a query and give its ``data``.

        Parameters
        ----------
        query, variables
            The GraphQL document and the values of its variables.
        repeat
            Whether it may be sent again after a lost answer. A mutation may not.

        Raises
        ------
        InputError
            The address is no Dagster webserver, or credentials are missing or wrong.
        UnclearError
            A request that must not be repeated got no answer.
        UnreachableError
            The webserver cannot be reached, also after retries.
        RunError
            It reports an error.
        """
        waits = _WAITS if self._answered else _FIRST_WAITS
        for wait in (*waits, None):
            try:
                answer = self._session.post(
                    f"{self.url}/graphql",
                    json={"query": query, "variables": dict(variables or {})},
                    timeout=_TIMEOUT,
                    allow_redirects=False,
                )
                trouble = f"it answers {answer.status_code}" if answer.status_code in _AWAY else None
                # A proxy says so also where the webserver behind it has begun what it was asked for.
                unclear = trouble is not None
            except (requests.ConnectionError, requests.Timeout) as error:
                trouble, unclear = _in_short(error), not _never_sent(error)
            except requests.RequestException as error:
                raise input_error(f"the deployment {self.url} cannot be asked: {_in_short(error)}") from None
            if trouble is None:
                self._answered = True
                return self._data(answer)
            if unclear and not repeat:
                raise UnclearError(f"the deployment {self.url} gave no answer: {trouble}")
            if wait is not None:
                self.pause(wait)
        raise UnreachableError(
            f"the deployment {self.url} cannot be reached: {trouble}, after {len(waits) + 1} attempts in "
            f"{sum(waits):g} s"
        )

    def _data(self, answer: requests.Response) -> dict[str, Any]:
        if answer.status_code in (401, 403) or answer.is_redirect:
            raise input_error(
                f"the deployment {self.url} asks for a login, or the credentials are not accepted",
                found=f"HTTP {answer.status_code}",
                fix=f"Set {TOKEN_VARIABLE}, or {USER_VARIABLE} and {PASSWORD_VARIABLE}",
            )
        try:
            content = answer.json()
            data, errors = content.get("data"), content.get("errors")
        except (ValueError, AttributeError):
            raise input_error(
                f"{self.url} is not the address of a Dagster webserver",
                found=f"HTTP {answer.status_code} without JSON",
            ) from None
        if errors or data is None:
            first = errors[0].get("message", errors[0]) if errors else "an answer without data"
            raise RunError(f"the deployment {self.url} reports: {shown(str(first).strip())}")
        found: dict[str, Any] = data
        return found


def union(data: Mapping[str, Any], name: str, wanted: str) -> dict[str, Any]:
    """Give the answer to a question of the API that may be an error instead.

    Parameters
    ----------
    data
        From :meth:`Deployment.ask`.
    name
        The field of ``data``.
    wanted
        The type of a good answer.

    Raises
    ------
    RunError
        Another type came; its message says why.
    """
    found: dict[str, Any] = data[name]
    if found["__typename"] != wanted:
        said = found.get("message") or "; ".join(one["message"] for one in found.get("errors", ()))
        raise RunError(
            f"the deployment answers {found['__typename']}: {shown(str(said).strip().splitlines()[0])}"
            if said
            else f"the deployment answers {found['__typename']}"
        )
    return found


def _bearer(token: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return sign


def _never_sent(error: requests.RequestException) -> bool:
    """Whether the connection was never made, so that the server cannot have read the request."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    return "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)


def _in_short(error: requests.RequestException) -> str:
    """Say what went wrong without the request, whose headers hold credentials."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "its TLS certificate is not accepted"
    return (
        "connection refused or lost" if isinstance(error, requests.ConnectionError) else type(error).__name__
    )
