"""Sweeps on a Dagster deployment, over the GraphQL API of its webserver: ``ftf sweep --submit``.

* ``graphql_client.Deployment`` asks one webserver: bounded retries, credentials from the environment.
* ``backfill`` finds the job, adds partitions, launches, finds and cancels the backfill of a sweep.
* ``following`` watches runs until they end: finished fits, failures, asset checks.
* ``submitted_sweep`` puts them together and gives what a local sweep gives.

Only rows and reports are read from the home; runs, errors and checks come from the deployment. A request
that changes something is not repeated after an unclear answer: whether it was carried out is asked first.
"""
