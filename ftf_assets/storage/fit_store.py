"""Finished fits and scores by key, shared by every sweep of a home and safe for several processes."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from ftf_assets.contracts.errors import StoreError
from ftf_assets.storage.artifacts import HEADER, read_artifact, write_artifact
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.evaluation import CellScores

logger = logging.getLogger(__name__)
T = TypeVar("T")


class KeyedFolders(Generic[T]):
    """Results by key, each in ``folder/<first two digits>/<key>/``.

    Parameters
    ----------
    folder
        The folder; the first result creates it.
    """

    kind: ClassVar[type]
    name: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def __contains__(self, key: str) -> bool:
        """Whether there is a result, without reading it."""
        return (self._path(key) / HEADER).exists()

    def read(self, key: str) -> T:
        """Read a result.

        Raises
        ------
        StoreError
            It is missing or damaged.
        """
        result: T = read_artifact(self._path(key), self.kind)
        return result

    def get(self, key: str) -> T | None:
        """Return a result, or None if it must be made: it is missing, or damaged, which is logged."""
        if key not in self:
            return None
        try:
            return self.read(key)
        except StoreError as error:
            logger.warning("event=damaged_%s key=%s action=again error=%s", self.name, key, error)
            return None

    def put(self, key: str, result: T) -> None:
        """Store a result.

        Raises
        ------
        StoreError
            The disk is full, read-only or missing.
        """
        write_artifact(self._path(key), result)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key


class FolderFitStore(KeyedFolders[FitResult]):
    """Finished fits: the booster as UBJSON and its probabilities as arrays."""

    kind, name = FitResult, "fit"


class FolderScoreStore(KeyedFolders[CellScores]):
    """Scores of cells on their test rows."""

    kind, name = CellScores, "scores"
