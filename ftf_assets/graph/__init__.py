"""All Dagster code except assets, checks, sensors and schedules. Nothing is computed here.

* ``asset_decorator``: ``partitioned_asset``, with which every asset is declared
* ``crypto_partitions``: the partitions: cryptos that an instance knows × sources
* ``resources``, ``launchpad``: settings and home, as runs and the launchpad have them
* ``io_managers``, ``table_types``: how values are stored, loaded and refused
* ``step_failures``: how a step that refuses its input says so
* ``jobs``: names of jobs and tags, and the run configuration of a sweep
* ``launchpad_examples``: run configurations for the usual cases, shown with the jobs
* ``instance_settings``: whose ``dagster.yaml`` is used, the user's or ours; imports no Dagster
* ``instance``, ``run_processes``: the Dagster instance of a home, and the runs of processes that are gone
* ``backfill_settings``: what a backfill of the UI leaves open, resolved once for its runs
* ``check_history``: the latest check results on a value; ``BLOCKING_CHECKS`` decides what stops a run and
  makes a verdict ``INVALID``
* ``decision_inputs``: what the gate decides on
* ``fit_events``: log progress and failed fits, and tell listeners of finished ones
* ``data_metadata``, ``asset_metadata``, ``ceiling_metadata``: what the UI shows of each asset, built from
  ``metadata``, ``picture_metadata``, ``thumbnails`` (pictures in place), ``plotted_numbers`` (what it plots
  over time) and ``column_lineage``
* ``code_links``: from the page of an asset to its code

Three modules use private parts of Dagster, so ``pyproject.toml`` bounds its version: ``event_log`` overrides
``_connect``, ``instance`` uses ``InstanceRef`` and ``check_history`` uses ``PartitionKeyFilter``.
"""
