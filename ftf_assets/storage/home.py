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
    """The paths of everything that a project stores.

    Attributes
    ----------
    path
        The home folder, absolute.
    """

    path: Path

    @classmethod
    def locate(cls, path: str = "") -> Home:
        """Find the home: ``path``, else the variable ``FTF_HOME``, else ``.ftf`` in the working directory."""
        return cls(Path(path or os.environ.get(HOME_VARIABLE) or DEFAULT_HOME).resolve())

    @property
    def dagster(self) -> Path:
        """The Dagster instance: runs, events and logs."""
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

    def gpu(self, number: int) -> Path:
        """Lock files of the places on a GPU."""
        return self.path / "cores" / f"gpu-{number}"

    @property
    def artifacts(self) -> Path:
        """Values of the partitioned assets."""
        return self.path / "artifacts"

    @property
    def frames(self) -> Path:
        """Data that a caller gave as frames."""
        return self.path / "frames"

    @property
    def reports(self) -> Path:
        """The reports."""
        return self.path / "reports"

    def report(self, sweep_id: str) -> Path:
        """The report of a sweep.

        Raises
        ------
        InputError
            The sweep_id is not one plain word, so the path could lead out of the home.
        """
        return self.reports / f"{_word(sweep_id)}.html"

    def artifact(self, asset: str, crypto: str, key: str) -> Path:
        """The folder of an asset's value for one crypto; ``key`` is the hash of its settings and inputs.

        Raises
        ------
        InputError
            A part is not one plain word, so the path could lead out of the home.
        """
        return self.artifacts / _word(asset) / _word(crypto) / _word(key)


def _word(part: str) -> str:
    """Refuse a part of a path that is not one plain word."""
    if not re.fullmatch(r"[A-Za-z0-9_]{1,64}", part):
        raise input_error(
            "a name in a path must be one plain word",
            found=repr(part),
            allowed="letters, digits and _, up to 64",
        )
    return part
