"""A sweep before it runs: its settings, its identity, and the plan of what to fit.

==================  =====================================================================================
module              what is there
==================  =====================================================================================
``setting_groups``  every setting, in its group, with default, bounds, description and rules
``data_settings``   the group ``data``: the source, its path, and how candle files are read
``settings``        ``SweepSettings``: the groups together; ``sweep_settings`` reads and checks them
``setting_text``    one setting written as text, as ``--set`` and the flags of the command take it
``crypto_groups``   names of cryptos, and the groups of ``crypto_groups.toml``
``participants``    which cryptos of a group take part, and why the others are skipped
``sweep``           ``open_sweep`` resolves settings against their source into a ``Sweep``
``data_read``       which files serve each crypto, and what was understood of them
``crypto_check``    what a sweep would make of one crypto's data, refusals and leaks included
``asset_inputs``    what each asset depends on: its artifact's key is the hash of it
``treatment_plan``  the plan of one treatment without a sweep, as a trainer's call asks for it
``fold_edges``      fold edges as instants and as nanoseconds
``noise_audit``     the audit of a sweep's data: its plan, and what is known about the labels
==================  =====================================================================================

A new setting is one field of its group; command, launchpad and stored JSON follow. Whoever adds one that
changes what an asset computes also names it in ``asset_inputs``, or two sweeps would share an artifact.
``run`` holds what changes no result: it is not part of a sweep's identity.
"""
