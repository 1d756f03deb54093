"""The reports of a home over HTTP, for people who are not on this machine: read only, without a script.

* ``report_address``: where reports are served, from the environment, and the address of one report
* ``report_pages``: what is served: a list of the decided sweeps with their answers, and their reports
* ``report_server``: the server on a socket of its own, which ``ftf ui`` and ``ftf serve`` run
* ``listening``: the address that a server listens on, and whether it is free

Nothing here writes. Only a name that :meth:`~ftf_assets.storage.home.Home.report_name` accepts is read. There
is no login: for another network put a proxy that has one in front, as ``deploy/`` does.
"""
