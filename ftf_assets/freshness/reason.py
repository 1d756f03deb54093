"""Why a stored value is not what a run would make now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "never made",
    "data",
    "code",
    "libraries",
    "settings",
    "upstream",
    "damaged",
    "failed",
    "check",
    "changed",
    "outdated",
]


@dataclass(frozen=True)
class Reason:
    """The first reason why a value is not current.

    Attributes
    ----------
    kind
        * ``never made``: it does not exist.
        * ``data``, ``code``, ``libraries``, ``settings``: it was made from other ones.
        * ``upstream``: an asset before it is not current.
        * ``damaged``: a file of it is missing, or has other content than its name states.
        * ``failed``: it records a failure.
        * ``check``: a check of it failed or never ran.
        * ``changed``: rows of it were changed or deleted.
        * ``outdated``: a decision or report does not cover the rows as they are.
    text
        One phrase for people.
    """

    kind: Kind
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class StaleAsset:
    """An asset that is not current, and why.

    Attributes
    ----------
    crypto
        The partition; None for an asset that covers the whole sweep.
    asset
        Name of the asset.
    reason
        The first reason.
    """

    crypto: str | None
    asset: str
    reason: Reason

    @property
    def why(self) -> str:
        """The reason as a phrase."""
        return self.reason.text


NEVER_MADE = Reason("never made", "never made")


def upstream_out_of_date(assets: list[str]) -> Reason:
    """Name the assets upstream that are not current."""
    return Reason(
        "upstream", f"upstream {', '.join(assets)} {'is' if len(assets) == 1 else 'are'} out of date"
    )
