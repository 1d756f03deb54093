"""Run configurations for the usual cases, shown on the page of a job, to be copied into its launchpad.

A job of its own for each case would be no shorter way: its launchpad shows all settings, among which the few
that differ cannot be seen, and a backfill's editor starts empty. It would also spread runs over several jobs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ftf_assets.sweep.settings import SMOKE

#: What stands for a path of the reader's.
FOLDER = "FOLDER"

Settings = Mapping[str, Mapping[str, Any]]

_CANDLES = {"source": "candles", "path": FOLDER}
_UNTUNED = {"trials": 0}

#: Cases of a sweep: what each is, and its settings that have not their default.
SWEEP_CASES: dict[str, Settings] = {
    "The embedded market, which needs no data; nothing tuned": {
        "data": {"source": "market"},
        "training": _UNTUNED,
    },
    "Candle files of your own; nothing tuned": {"data": _CANDLES, "training": _UNTUNED},
    "Ready feature caches; nothing tuned": {
        "data": {"source": "features", "path": FOLDER},
        "training": _UNTUNED,
    },
}

#: Likewise of the smoke. A configuration replaces that of the job, so it repeats what makes a smoke.
SMOKE_CASES: dict[str, Settings] = {"Candle files of your own": {"data": _CANDLES, **SMOKE}}

#: Likewise of the noise audit.
AUDIT_CASES: dict[str, Settings] = {"Candle files of your own": {"data": _CANDLES}}


def with_examples(description: str, cases: Mapping[str, Settings]) -> str:
    """Add examples to the description of a job.

    Parameters
    ----------
    description
        What the job does.
    cases
        The settings of each case by what it is.

    Returns
    -------
    str
        Markdown, as the UI shows it.

    Examples
    --------
    >>> print(with_examples("The sweep.", {"The market": {"data": {"source": "market"}}}))
    The sweep.
    <BLANKLINE>
    Replace the text of the launchpad, or of *Config* in a backfill, by one of these. What an example leaves
    out has its default. `FOLDER` is the path of your folder.
    <BLANKLINE>
    **The market**
    <BLANKLINE>
    ```yaml
    resources:
      sweep:
        config:
          data: {"source": "market"}
    ```
    """
    introduction = (
        "Replace the text of the launchpad, or of *Config* in a backfill, by one of these. What an example "
        f"leaves\nout has its default. `{FOLDER}` is the path of your folder."
    )
    return "\n\n".join([description, introduction, *(_example(*case) for case in cases.items())])


def _example(case: str, settings: Settings) -> str:
    groups = "\n".join(f"      {group}: {json.dumps(values)}" for group, values in settings.items())
    return f"**{case}**\n\n```yaml\nresources:\n  sweep:\n    config:\n{groups}\n```"
