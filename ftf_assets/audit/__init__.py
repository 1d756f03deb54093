"""The noise audit: inject known label errors and measure how well each cleaner finds them.

It also measures how much of the performance that the errors cost a model cleaning recovers.

Start at :func:`~ftf_assets.audit.runner.run_audit`, which audits one crypto. What it is made of:

* ``noise``, ``kinds/``: what a kind of label noise is, and the registry of kinds (``margin`` serves one)
* ``detector``, ``detectors/``: what a detector of wrong labels is, and the registry of detectors
* ``treatments``: what is done about suspects before a model is trained
* ``plan``: the fold, the seeds, the keys and the number of fits; ``fits``, ``effect_fits``: the fits
* ``findings`` (``ranking``, ``intervals``): how well each detector finds each kind of noise
* ``effects``: what noise costs a model and how much of that a treatment recovers
* ``summary``: several cryptos pooled, as terminal and report show them; ``answer``, ``cleaner_answer``
  (``words``): the six lines that say what the tables show; ``trust``: the warning beside the gate
* ``settings``: every setting of an audit

A new kind of noise or detector is one module in its sub-room and one line in the registry there. The modules
named in ``plan._FITS_CODE`` are part of the key of every fit of an audit: changing a byte there
repeats those fits. Everything here is a pure function of arrays: no pandas, no files, no Dagster.
"""
