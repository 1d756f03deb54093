"""The ``ftf`` command: reads flags, calls the rooms below, prints. No result is computed here.

One module per subcommand: ``fetch``, ``check``, ``sweep``, ``smoke``, ``plan``, ``audit``, ``results``,
``suspects``, ``gate``, ``report``, ``ui`` and ``clean``. ``main`` holds the group of subcommands and turns
errors into one line and an exit code. What several subcommands share:

* ``shared_flags``: flags such as ``--home``; ``setting_flags``: the flags that are settings of a sweep,
* ``exit_codes``, ``export`` (rows as table, CSV, Parquet or JSON), ``progress_bar``,
* ``tables``, ``check_tables`` and ``sentences``: results and checks as tables and as lines of text.

A new subcommand is a module with one ``click`` command and a line in ``main``. Nothing imports this room;
notebooks call :mod:`ftf_assets.running`. Import heavy libraries (pandas, dagster, xgboost) inside a
subcommand, never at the top of a module: ``ftf --help`` must answer at once, and a test holds it to that.
"""
