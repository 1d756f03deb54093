"""The asset graph, one module per asset and nothing else. One partition is one crypto of a source.

In flow order: ``candles``, ``feature_cache``, ``coerced_arrays``, ``smoothed_labels``,
``fold_baselines``, ``cleanlab_masks``, ``trained_models``, ``finetune_results``; then once a sweep
``gate_decision`` and ``sweep_report``; beside the line ``label_ceiling``, for which the decision waits, and
``noise_audit``. ``ftf_assets.definitions`` lists
them.

A body reads its inputs, calls one function of a room below, and returns the value with its metadata from
``graph.asset_metadata``. It does no arithmetic. The data, settings and assets that a value depends on stand
in ``sweep.asset_inputs``, from which its key is made: change both together, or a stale value passes for a
current one. Import heavy libraries inside a body: the code location must load without them, and a test
checks that.
"""
