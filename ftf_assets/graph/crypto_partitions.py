"""The partitions of the asset graph: one per crypto, known to a Dagster instance once it has been swept.

A team's own pairs are not known when the graph is defined, so the partitions are dynamic. An instance has
the cryptos of all crypto groups from the start, and every other crypto from its first sweep on.
"""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

from ftf_assets.sweep.crypto_groups import all_cryptos

CRYPTOS = dg.DynamicPartitionsDefinition(name="crypto")


def add_cryptos(instance: dg.DagsterInstance, cryptos: Iterable[str] = ()) -> None:
    """Make partitions of the cryptos of all groups, and of those named; existing ones stay.

    Parameters
    ----------
    instance
        Where the partitions are kept.
    cryptos
        Cryptos of a sweep, in or outside the groups.
    """
    existing = set(instance.get_dynamic_partitions(CRYPTOS.name))  # type: ignore[arg-type]
    new = [crypto for crypto in dict.fromkeys([*all_cryptos(), *cryptos]) if crypto not in existing]
    if new:
        instance.add_dynamic_partitions(CRYPTOS.name, new)  # type: ignore[arg-type]
