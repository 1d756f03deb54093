"""Heavy libraries are imported where they are used: who only plans or serves pages pays for none."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_HELP = """
import sys
sys.argv = ["ftf", "--help"]
from ftf_assets.cli import main
try:
    main()
except SystemExit as ended:
    assert ended.code == 0
"""

_FITTING = ("xgboost", "cleanlab", "sklearn", "scipy", "matplotlib", "optuna")


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        (
            "from ftf_assets.definitions import defs; defs.get_repository_def()",
            (*_FITTING, "pandas", "pandera", "dagster_pandera", "pyarrow", "duckdb", "talib", "beartype"),
        ),
        (
            "import ftf_assets.planning, ftf_assets.preflight, ftf_assets.staleness, ftf_assets.terminal",
            (*_FITTING, "dagster", "pandas", "pandera", "duckdb"),
        ),
        (_HELP, ("pandas", "numpy", "dagster", "duckdb", "pandera", "xgboost", "rich")),
    ],
    ids=["code location", "plan", "help"],
)
def test_what_a_process_does_not_use_it_does_not_import(code: str, absent: tuple[str, ...]):
    ask = f"import sys\n{code}\nprint([name for name in {absent!r} if name in sys.modules])"
    # The first start after a change of the contracts reads their schemas and keeps them, as it does bytecode.
    writing = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", ask],
            capture_output=True, text=True, check=True, timeout=120, env=writing,
        )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"
