"""Runs of the graph on this machine: what ``ftf`` calls, and what a notebook may call.

* ``sweep_run.run_sweep`` and ``audit_run.run_noise_audit`` run a sweep or a noise audit and give its outcome.
* ``frame_sweep.sweep_of_frames`` is the sweep that Python asks for, with frames and a progress bar;
  ``fresh_sweep`` runs it in a fresh interpreter, because a notebook has threads and must not fork.
* ``job_runs.run_jobs`` executes Dagster jobs side by side, one crypto in one child process; ``run_failures``
  turns the error of a failed run into one of :mod:`ftf_assets.contracts.errors`.
* ``child_processes``, ``fresh_processes`` and ``interrupts`` know nothing of sweeps: named jobs in children
  that are forked or, for a GPU, fresh interpreters; and signals.
* ``data_check.check_data`` says what a sweep or the gate would make of a path, ``frame_check`` of frames;
  ``check_words`` puts it in words for the command and for Python.
* ``preflight.check_inputs`` refuses bad input before anything is written; ``progress`` counts finished fits.

Take care in ``child_processes``: a fork is safe only while the parent has no threads, no open database and no
open GPU. Whatever looks for a GPU does so in a fresh child.
Import no library here that starts a thread when it is imported.
"""
