"""Finished fits by key: a folder a fit, shared by every sweep of a home and safe for several processes."""

from __future__ import annotations

import logging
from pathlib import Path

from ftf_assets.contracts.errors import StoreError
from ftf_assets.storage.artifacts import HEADER, read_artifact, write_artifact
from ftf_assets.training.boosting import FitResult

logger = logging.getLogger(__name__)


class FolderFitStore:
    """Fits under ``folder/<first two digits>/<key>/``: the booster as UBJSON, its probabilities as arrays.

    Parameters
    ----------
    folder
        Where the fits lie; created by the first one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def __contains__(self, key: str) -> bool:
        """Whether a fit is there, without reading it."""
        return (self._path(key) / HEADER).exists()

    def get(self, key: str) -> FitResult | None:
        """Return a finished fit, or None; a damaged one is reported and fitted again."""
        if key not in self:
            return None
        try:
            return read_artifact(self._path(key), FitResult)
        except StoreError as error:
            logger.warning("event=damaged_fit key=%s action=refit error=%s", key, error)
            return None

    def put(self, key: str, result: FitResult) -> None:
        """Keep a finished fit.

        Raises
        ------
        StoreError
            Where the file system refuses.
        """
        write_artifact(self._path(key), result)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key
