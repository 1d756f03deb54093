"""The table contracts, one module per table: columns, types, descriptions and rules.

=====================  ==================================================================
module                 table
=====================  ==================================================================
``candles``            OHLCV bars of one crypto
``feature_cache``      features and labels of one crypto
``finetune_results``   one row per cell: where a column of the results is declared
``regime_results``     cells by market regime
``weekly_results``     cells by UTC week: influence on the AUC, trades
``seed_scores``        the single fits of a cell
``confidence_curve``   cells by share of the most confident rows
``cell_details``       the list of the tables that break cells down
``label_suspects``     rows that a cleaner suspects of a wrong label
``gate_decision``      ``gate_summary``, ``gate_verdicts`` and ``gate_metrics``
``label_ceiling``      models on labels with more noise, and on the true ones
``noise_audit``        ``noise_audit`` and ``noise_audit_effects``
=====================  ==================================================================

``fields``, ``checks``, ``frames`` and ``validation`` hold what these share. SQL, checks and the tables in the
Dagster UI follow from the contracts: a column that is declared here needs no other declaration.
"""

import sys


def _import_pandera_without_dask() -> None:
    """Keep pandera from importing Dask's dataframes, half a second of every start that nothing here uses.

    Pandera imports them wherever they are installed, as the extra ``dask`` does for fits on a Dask cluster.
    """
    name = "dask.dataframe" if "dask" in sys.modules else "dask"
    if name in sys.modules:
        return
    sys.modules[name] = None  # type: ignore[assignment]  # what is None there cannot be imported
    try:
        import pandera.typing.dask  # noqa: F401
    finally:
        del sys.modules[name]


_import_pandera_without_dask()
