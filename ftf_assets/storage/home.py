"""The home: the one folder that holds all state of a project."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ftf_assets.contracts.errors import input_error

HOME_VARIABLE = "FTF_HOME"
DEFAULT_HOME = ".ftf"


@dataclass(frozen=True)
class Home:
    """Where things lie.

    Attributes
    ----------
    path
        The home folder, absolute.
    """

    path: Path

    @classmethod
    def locate(cls, path: str = "") -> Home:
        """Find the home: ``path``, else the variable ``FTF_HOME``, else ``.ftf`` where the process runs."""
        return cls(Path(path or os.environ.get(HOME_VARIABLE) or DEFAULT_HOME).resolve())

    @property
    def dagster(self) -> Path:
        """Runs, events and logs: the Dagster instance."""
        return self.path / "dagster"

    @property
    def results(self) -> Path:
        """The DuckDB file of the results."""
        return self.path / "results.duckdb"

    @property
    def fits(self) -> Path:
        """Finished fits by key."""
        return self.path / "fits"

    @property
    def scores(self) -> Path:
        """Scores of finished cells by key."""
        return self.path / "scores"

    @property
    def cores(self) -> Path:
        """Lock files of the core tokens."""
        return self.path / "cores"

    @property
    def artifacts(self) -> Path:
        """Values of the partitioned assets."""
        return self.path / "artifacts"

    @property
    def reports(self) -> Path:
        """The reports."""
        return self.path / "reports"

    def report(self, sweep_id: str) -> Path:
        """The report of a sweep.

        Raises
        ------
        InputError
            A sweep_id that is no plain word, which could lead out of the home.
        """
        return self.reports / f"{_word(sweep_id)}.html"

    def artifact(self, asset: str, crypto: str, key: str) -> Path:
        """Folder of one asset's value: a crypto's, under the settings and inputs that ``key`` hashes.

        Raises
        ------
        InputError
            A part that is no plain word, which could lead out of the home.
        """
        return self.artifacts / _word(asset) / _word(crypto) / _word(key)


def _word(part: str) -> str:
    """Give a part of a path back where it is one plain word."""
    if not re.fullmatch(r"[A-Za-z0-9_]{1,64}", part):
        raise input_error(
            "a name in a path is one plain word", found=repr(part), allowed="letters, digits and _, up to 64"
        )
    return part
