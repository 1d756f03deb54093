"""Whether a value of a sweep is current, or the first reason why not.

``ftf plan`` prints the answer and ``ftf sweep`` makes exactly the assets that it names. Nothing is written to
find out.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ftf_assets.freshness.artifacts import artifact_reasons
from ftf_assets.freshness.ceiling import ceiling_reason
from ftf_assets.freshness.reason import Reason, StaleAsset, upstream_out_of_date
from ftf_assets.freshness.rows import rows_reason
from ftf_assets.graph.instance_settings import instance_settings
from ftf_assets.storage.artifacts import HEADER
from ftf_assets.storage.home import Home, ListedHome
from ftf_assets.sweep.asset_inputs import ARTIFACTS, CEILING
from ftf_assets.sweep.sweep import Sweep

if TYPE_CHECKING:
    import dagster as dg

CRYPTO_ASSETS = (*ARTIFACTS, CEILING, "finetune_results")
#: The assets that cover a whole sweep.
SWEEP_ASSETS = ("gate_decision", "sweep_report")


class Freshness:
    """The values of a sweep in a home, each looked at once.

    A value is current where a run would make it again with the same content, and it is whole and checked:

    * its data, code, libraries and settings are those of today;
    * no file of it is missing or damaged, models included, and no row was changed or deleted;
    * it records no failed fit;
    * its checks passed on exactly this content. A warning does not count: a run would not change it.

    Parameters
    ----------
    sweep
        The sweep.
    home
        Where its values lie.
    instance
        Dagster's records of the checks; None if the home has none yet.
    """

    def __init__(self, sweep: Sweep, home: Home, instance: dg.DagsterInstance | None) -> None:
        self.sweep = sweep
        self.home = home
        self.instance = instance
        self._look = _listed(home, sweep.sweep_id)
        self._by_crypto: dict[str, dict[str, Reason]] = {}

    def why_not_current(self, asset: str, crypto: str | None = None) -> Reason | None:
        """Give the first reason why an asset must be made again, or None if it is current.

        Parameters
        ----------
        asset
            One of ``CRYPTO_ASSETS`` or ``SWEEP_ASSETS``.
        crypto
            The partition; None for an asset that covers the whole sweep.

        Raises
        ------
        StoreError
            Results or Dagster's records that cannot be read.
        """
        reasons = self._of_sweep if crypto is None else self._of_crypto(crypto)
        return reasons.get(asset)

    def stale_assets(self) -> list[StaleAsset]:
        """List every asset that is not current: the cryptos in order, each in flow order, then the sweep's.

        Raises
        ------
        StoreError
            As :meth:`why_not_current`.
        """
        if isinstance(self._look, ListedHome):
            self._look.blobs.read_ahead(
                f"{self._look.artifact(asset, crypto, self.sweep.artifact_key(asset, crypto)).name}/{HEADER}"
                for crypto in self.sweep.cryptos
                for asset in ARTIFACTS
            )
        if self._look.has_results:
            from ftf_assets.storage.results_store import ResultsStore

            ResultsStore(self._look).load(self.sweep.sweep_id)
        partitions = [(asset, crypto) for crypto in self.sweep.cryptos for asset in CRYPTO_ASSETS]
        return [
            StaleAsset(crypto, asset, reason)
            for asset, crypto in (*partitions, *((asset, None) for asset in SWEEP_ASSETS))
            if (reason := self.why_not_current(asset, crypto)) is not None
        ]

    def _of_crypto(self, crypto: str) -> dict[str, Reason]:
        if crypto not in self._by_crypto:
            reasons = artifact_reasons(self.sweep, self._look, self.instance, crypto)
            behind = upstream_out_of_date(list(reasons)) if reasons else None
            rows = rows_reason(self.sweep, self._look, self.instance, crypto) or behind
            ceiling = ceiling_reason(self.sweep, self._look, self.instance, crypto, reasons)
            tables = {CEILING: ceiling, "finetune_results": rows}
            self._by_crypto[crypto] = reasons | {name: why for name, why in tables.items() if why is not None}
        return self._by_crypto[crypto]

    @functools.cached_property
    def _of_sweep(self) -> dict[str, Reason]:
        from ftf_assets.freshness.decision import decision_reasons

        if not self.sweep.settings.compares_variants:  # one variant alone has no level to compare
            return {}
        for asset in ("finetune_results", CEILING):
            stale = [crypto for crypto in self.sweep.cryptos if asset in self._of_crypto(crypto)]
            if stale:
                behind = Reason("upstream", f"upstream {asset} of {', '.join(stale)} is out of date")
                return dict.fromkeys(SWEEP_ASSETS, behind)
        return decision_reasons(self.sweep, self._look, self.instance)


def _listed(home: Home, sweep_id: str) -> Home:
    """Give a home in a bucket with one listing of what a sweep's values lie among; a folder as it is."""
    if home.bucket is None:
        return home
    folders = ("artifacts/", f"results/of/{sweep_id}/", "results/sweeps/", "results/audits/")
    return ListedHome(home.path, home.bucket, folders)


@contextmanager
def open_freshness(sweep: Sweep, home: Home) -> Iterator[Freshness]:
    """Look at the values of a sweep without writing anything: a home that does not exist stays so.

    Raises
    ------
    StoreError
        Dagster's records of the home cannot be read.
    """
    if not instance_settings(home).exists:
        yield Freshness(sweep, home, None)  # spares a fresh home the import of Dagster
        return
    from ftf_assets.graph.instance import existing_instance

    with existing_instance(home) as instance:
        yield Freshness(sweep, home, instance)


def stale_assets(sweep: Sweep, home: Home) -> list[StaleAsset]:
    """List every asset of a sweep that is not current, as :meth:`Freshness.stale_assets`."""
    with open_freshness(sweep, home) as freshness:
        return freshness.stale_assets()
