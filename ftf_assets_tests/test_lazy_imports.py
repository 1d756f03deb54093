"""Heavy libraries are imported where they are used: who only plans or serves pages pays for none."""

from __future__ import annotations

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


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        (
            "import ftf_assets.definitions",
            ("xgboost", "cleanlab", "sklearn", "scipy", "matplotlib", "optuna"),
        ),
        ("import ftf_assets.planning", ("xgboost", "cleanlab", "sklearn", "scipy", "matplotlib", "optuna")),
        (_HELP, ("pandas", "numpy", "dagster", "duckdb", "pandera", "xgboost", "rich")),
    ],
    ids=["code location", "plan", "help"],
)
def test_what_a_process_does_not_use_it_does_not_import(code: str, absent: tuple[str, ...]):
    ask = f"import sys\n{code}\nprint([name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ask], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.splitlines()[-1] == "[]"
