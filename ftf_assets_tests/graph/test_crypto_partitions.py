"""The partitions of the graph: cryptos of the groups from the start, others from their first sweep."""

from __future__ import annotations

import dagster as dg

from ftf_assets.graph.crypto_partitions import CRYPTOS, add_cryptos
from ftf_assets.sweep.crypto_groups import all_cryptos


def test_partitions_are_added_once_and_in_order():
    with dg.DagsterInstance.ephemeral() as instance:
        add_cryptos(instance)
        assert instance.get_dynamic_partitions(CRYPTOS.name) == list(all_cryptos())
        add_cryptos(instance, ["DOGEUSDT", "OPUSDC", "DOGEUSDT"])
        assert instance.get_dynamic_partitions(CRYPTOS.name) == [*all_cryptos(), "DOGEUSDT"]
