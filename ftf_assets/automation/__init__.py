"""What starts runs without a user: three sensors and a schedule, listed in ``ftf_assets.definitions``.

* ``sweep_landed_sensor`` (on by default): gate and report, once all cryptos of a sweep have
  written their rows
* ``blocked_run_sensor`` (on by default): the same, once a blocking check has failed in a run of a decided
  sweep, whose verdicts do not hold any more
* ``input_files_sensor``: a run for each crypto whose file is new or changed
* ``weekly_sweep_schedule``: the latest sweep again, on the data as they are then

Whether rows, decision and report are current is a question to :mod:`ftf_assets.freshness`; no second rule
belongs here. Every request has a run key, so asking twice starts one run.
"""
