"""Heavy libraries are imported where they are used: who only plans or serves pages pays for none."""

from __future__ import annotations

import subprocess
import sys

import pytest

_COMMAND = """
import sys
sys.argv = ["ftf", *{arguments!r}]
from ftf_assets.command.main import main
try:
    main()
except SystemExit as ended:
    assert ended.code == 0
"""
_HELP = _COMMAND.format(arguments=["--help"])
_PLAN = _COMMAND.format(arguments=["plan", "--trials", "0", "--home", "no such home"])

_FITTING = ("xgboost", "cleanlab", "sklearn", "scipy", "matplotlib", "optuna")


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        (
            "from ftf_assets.definitions import defs; defs.get_repository_def()",
            (*_FITTING, "duckdb", "talib"),
        ),
        (
            "import ftf_assets.freshness.estimate, ftf_assets.freshness.current\n"
            "import ftf_assets.running.preflight, ftf_assets.command.tables",
            (*_FITTING, "dagster", "pandas", "pandera", "duckdb"),
        ),
        (
            _PLAN,
            (
                "xgboost",
                "cleanlab",
                "sklearn",
                "matplotlib",
                "optuna",
                "talib",
                "dagster",
                "pandera",
                "duckdb",
                "ccxt",
            ),
        ),
        (_HELP, ("ccxt", "pandas", "numpy", "dagster", "duckdb", "pandera", "xgboost", "rich")),
    ],
    ids=["code location", "modules of plan", "plan of a fresh home", "help"],
)
def test_what_a_process_does_not_use_it_does_not_import(code: str, absent: tuple[str, ...]):
    ask = f"import sys\n{code}\nprint([name for name in {absent!r} if name in sys.modules])"
    command = [sys.executable, "-W", "ignore", "-c", ask]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.splitlines()[-1] == "[]"
