"""Copies of objects on a machine whose processes share them, and what is gone from a store."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from obstore.store import LocalStore

from ftf_assets.storage.artifacts import read_artifact, write_artifact
from ftf_assets.storage.blobs.blob_cache import SIZE_VARIABLE, BlobCache
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.blobs.local_blobs import LocalBlobs
from ftf_assets.storage.blobs.object_blobs import ObjectBlobs
from ftf_assets.training.boosting import FitResult


def named(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:24]


@pytest.fixture
def bucket(tmp_path: Path) -> ObjectBlobs:
    """A bucket whose store is a folder: like Google's and Azure's, it does not delete what is gone."""
    bucket = ObjectBlobs("s3://bucket/home", BlobCache(tmp_path / "cache"))
    bucket._store = LocalStore(tmp_path / "store", mkdir=True)  # type: ignore[assignment]
    return bucket


def test_what_is_found_is_what_was_checked(tmp_path: Path):
    cache = BlobCache(tmp_path)
    cache.add(named(b"values"), b"values")
    assert cache.find(named(b"values")) == b"values"
    cache.path(named(b"values")).unlink()
    assert cache.find(named(b"values")) is None


def test_a_copy_that_goes_after_it_was_checked_is_no_error(
    bucket: ObjectBlobs, monkeypatch: pytest.MonkeyPatch
):
    name = f"fits/{named(b'values')}.npy"
    bucket.put(name, b"values")
    assert bucket.get(name) == b"values"
    find = BlobCache.find

    def find_and_evict(cache: BlobCache, content_hash: str) -> object:
        found = find(cache, content_hash)
        cache.path(content_hash).unlink(missing_ok=True)
        return found

    monkeypatch.setattr(BlobCache, "find", find_and_evict)
    assert bucket.get(name) == b"values"
    assert bucket.get(name) == b"values"
    assert bucket.local_file(name), "fetched, whole, and not called damaged because it went again"


def test_an_array_whose_copy_goes_before_it_is_mapped_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = BlobFolder.of_path(tmp_path / "fit")
    array = np.arange(100_000, dtype=np.float64)
    write_artifact(folder, FitResult(b"booster", 1, 0.1, {"test": array}))
    monkeypatch.setattr(LocalBlobs, "local_file", lambda *_: tmp_path / "gone.pack")
    found = read_artifact(folder, FitResult).probabilities["test"]
    np.testing.assert_array_equal(found, array)
    assert not found.flags.writeable


def test_two_processes_together_keep_near_the_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(SIZE_VARIABLE, "1")
    caches = [BlobCache(tmp_path), BlobCache(tmp_path)]
    for number in range(390):
        content = number.to_bytes(2, "big") * 2_500
        caches[number % 2].add(named(content), content)
    # Each has added less than the size.
    assert sum(path.stat().st_size for path in tmp_path.glob("*/*")) <= 1_500_000


def test_what_is_gone_is_removed_without_an_error_and_so_is_the_rest(bucket: ObjectBlobs):
    bucket.put("a/1", b"1")
    bucket.put("a/3", b"3")
    bucket.delete(["a/0", "a/1", "a/2", "a/3"])
    assert bucket.entries() == []
    bucket.delete(["a/1"])
    bucket.delete([])
