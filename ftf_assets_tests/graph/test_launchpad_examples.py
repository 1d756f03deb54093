"""The examples on the pages of the jobs: each can be pasted as it stands, and is what it says."""

from __future__ import annotations

import re
from typing import Any

import dagster as dg
import pytest
import yaml

from ftf_assets.definitions import defs
from ftf_assets.graph.jobs import AUDIT_JOB, SMOKE_JOB, SWEEP_JOB
from ftf_assets.graph.launchpad_examples import FOLDER
from ftf_assets.sweep.settings import SMOKE, sweep_settings


def examples(job: str) -> dict[str, dict[str, Any]]:
    """Read them from the description, as a person copies them."""
    text = str(defs.resolve_job_def(job).description)
    return {
        case: yaml.safe_load(block)
        for case, block in re.findall(r"\*\*([^*]+)\*\*\n\n```yaml\n([^`]+)\n```", text)
    }


CASES = [(job, case) for job in (SWEEP_JOB, SMOKE_JOB, AUDIT_JOB) for case in examples(job)]


@pytest.mark.parametrize(("job", "case"), CASES)
def test_an_example_is_accepted_by_the_launchpad_and_by_the_settings(job: str, case: str):
    config = examples(job)[case]
    dg.validate_run_config(defs.resolve_job_def(job), config)
    settings = sweep_settings(config["resources"]["sweep"]["config"])
    assert settings.data.path in (None, FOLDER)


def test_the_usual_cases_are_there():
    assert [
        one["resources"]["sweep"]["config"]["data"]["source"] for one in examples(SWEEP_JOB).values()
    ] == [
        "market",
        "candles",
        "features",
    ]


def test_the_smoke_on_own_candles_is_a_smoke():
    (config,) = examples(SMOKE_JOB).values()
    settings = config["resources"]["sweep"]["config"]
    assert {name: settings[name] for name in SMOKE} == SMOKE
