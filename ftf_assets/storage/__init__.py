"""Where bytes lie between runs: in the home, a folder or a bucket. No Dagster.

* ``home``, ``home_lock``: the paths; runs share the home, pruning needs it alone
* ``blobs``: bytes by name, as files or as objects of a bucket
* ``artifacts``, ``artifact_types``: any value as a JSON header and a pack of its arrays, named by its content
* ``fit_store``, ``fit_packs``: finished fits and scores by key, shared by all sweeps
* ``results_store``, ``audit_store``: the rows of sweeps and audits; ``result_objects`` stores them,
  ``results_database`` reads them by SQL and keeps ``results.duckdb``, an index; ``result_tables`` and
  ``results_schema`` have its tables
* ``content_version``, ``table_versions``: content hashes
* ``result_files``: results of others, from files of any table format, for the gate
* ``cpu_core_locks``, ``gpu_places``: all runs on a machine share its cores and its GPUs, by locks in its
  ``machine_folder``, which is no part of a home
* ``dask_fits``, ``dask_cluster``, ``dask_worker``: fits on a Dask cluster

Nothing that stays is pickled, and every value is replaced in one step: a kill leaves the old one or the
new one. A change of a table needs a new ``SCHEMA_VERSION``, a change of the layout of artifacts a new
``FORMAT``: values of other versions are refused, not migrated.
"""
