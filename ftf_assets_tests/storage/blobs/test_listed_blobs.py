"""A look at many values of a bucket: a listing a folder, what it holds, and what goes meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftf_assets.contracts.errors import StoreError
from ftf_assets.storage.blobs.listed_blobs import ListedBlobs
from ftf_assets.storage.blobs.local_blobs import LocalBlobs
from ftf_assets.storage.blobs.protocol import BlobEntry, BlobMissing

PACK = "artifacts/candles/OPUSDC/0a/0123456789abcdef01234567.pack"
HEADER = "artifacts/candles/OPUSDC/0a/header.json"


class Bucket(LocalBlobs):
    """A folder that stands for a bucket and remembers what it was asked."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: list[str] = []

    def entries(self, prefix: str = "") -> list[BlobEntry]:
        self.asked.append(f"list {prefix}")
        return super().entries(prefix)

    def get(self, name: str) -> bytes:
        self.asked.append(f"get {name}")
        return super().get(name)

    def exists(self, name: str) -> bool:
        self.asked.append(f"head {name}")
        return super().exists(name)


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    bucket = Bucket(tmp_path)
    for name in (PACK, HEADER, "artifacts/candles/OPUSDC2/0a/header.json", "reports/of.html"):
        bucket.put(name, b"values")
    return bucket


@pytest.fixture
def look(bucket: Bucket) -> ListedBlobs:
    return ListedBlobs(bucket, ("artifacts/", "results/of/"))


def test_one_listing_answers_what_there_is_and_how_large(bucket: Bucket, look: ListedBlobs):
    assert look.exists(PACK)
    assert not look.exists("artifacts/candles/OPUSDC/0b/header.json")
    look.check(PACK, len(b"values"))
    with pytest.raises(StoreError, match="is damaged"):
        look.check(PACK, 7)
    with pytest.raises(BlobMissing):
        look.check("artifacts/candles/OPUSDC/0b/0123456789abcdef01234567.pack", 7)
    assert [entry.name for entry in look.entries("artifacts/candles/OPUSDC/")] == [PACK, HEADER]
    assert look.entries("artifacts/feature_cache/") == []
    assert bucket.asked == ["list artifacts/"]


def test_what_is_read_ahead_is_read_once_and_other_folders_are_asked_of_the_bucket(
    bucket: Bucket, look: ListedBlobs
):
    look.read_ahead([HEADER, "artifacts/candles/UNIUSDC/0a/header.json"])
    assert look.get(HEADER) == b"values"
    assert look.exists("reports/of.html")
    assert [entry.name for entry in look.entries("reports/")] == ["reports/of.html"]
    assert bucket.asked == ["list artifacts/", f"get {HEADER}", "head reports/of.html", "list reports/"]


def test_a_blob_that_goes_after_the_listing_makes_it_listed_again(bucket: Bucket, look: ListedBlobs):
    assert look.exists(PACK)
    bucket.delete([PACK])
    assert look.exists(PACK), "as it was listed"
    with pytest.raises(BlobMissing):
        look.get(PACK)
    assert not look.exists(PACK)
