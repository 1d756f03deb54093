"""Fits in a bucket: packed, found by other machines, and never lost or half found after a kill.

A folder stands for the bucket: the packs know nothing but the store of blobs, which has tests of its own.
"""

from __future__ import annotations

import io
import itertools
import logging
import os
import zipfile
from pathlib import Path

import pytest

from ftf_assets.contracts.errors import StoreError
from ftf_assets.storage.artifacts import HEADER
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.blobs.local_blobs import LocalBlobs
from ftf_assets.storage.blobs.protocol import BlobEntry
from ftf_assets.storage.fit_packs import FitPacks, read_keys
from ftf_assets.storage.fit_store import KeyedFolders, PackedKeys
from ftf_assets.training.boosting import FitResult

#: Keys of one crypto, and one of another.
KEYS = [f"{number:02x}" * 6 + "0b0b" for number in range(12)]
OTHERS = "0c" * 8


class Bucket(LocalBlobs):
    """A store that counts what is asked of it, and that a network can cut off."""

    cut_at: str | None = None

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: list[str] = []

    def put(self, name: str, content: bytes) -> None:
        self._ask(name)
        super().put(name, content)

    def get(self, name: str) -> bytes:
        self._ask(name)
        return super().get(name)

    def _ask(self, name: str) -> None:
        self.asked.append(name)
        if self.cut_at is not None and self.cut_at in name:
            raise StoreError("the store cannot be reached")


def machine(bucket: LocalBlobs, folder: Path, max_bytes: int = 10**9) -> PackedKeys[FitResult]:
    """Open the fits of a bucket as a machine with this folder does, in a new process."""
    local = KeyedFolders(BlobFolder.of_path(folder / "fits"), "fit", FitResult)
    return PackedKeys(local, FitPacks(bucket, "fits", local.folder, max_bytes))


def rounds_of(store: PackedKeys[FitResult], key: str) -> int:
    found = store.get(key)
    assert found is not None
    return found.rounds


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    return Bucket(tmp_path / "bucket")


def put_all(store: PackedKeys[FitResult]) -> None:
    for number, key in enumerate(KEYS):
        store.put(key, FitResult(b"booster %d" % number, number, 0.1))


def test_the_fits_of_a_stage_are_two_objects_and_another_machine_reads_them_all(
    bucket: Bucket, tmp_path: Path
):
    here, there = machine(bucket, tmp_path / "here"), machine(bucket, tmp_path / "there")
    put_all(here)
    assert bucket.asked == [], "before the end of the stage nothing is asked of the bucket"
    here.finish()
    here.finish()
    assert [name.split("/")[2] for name in bucket.asked] == ["packs", "keys"]
    bucket.asked.clear()
    assert [rounds_of(there, key) for key in KEYS] == list(range(len(KEYS)))
    assert [name.split("/")[2] for name in bucket.asked] == ["keys", "packs"]
    assert there.get("ff" * 8) is None


def test_a_run_of_one_crypto_asks_for_nothing_of_another(bucket: Bucket, tmp_path: Path):
    here, there = machine(bucket, tmp_path / "here"), machine(bucket, tmp_path / "there")
    put_all(here)
    here.put(OTHERS, FitResult(b"booster", 77, 0.1))
    here.finish()
    assert {name.split("/")[1] for name in bucket.asked} == {"0b0b", "0c0c"}
    bucket.asked.clear()
    assert rounds_of(there, OTHERS) == 77
    assert {name.split("/")[1] for name in bucket.asked} == {"0c0c"}
    bucket.asked.clear()
    there.load([*KEYS, OTHERS])
    assert all(key in there for key in KEYS)
    assert [name.split("/")[1:3] for name in bucket.asked] == [["0b0b", "keys"]]


@pytest.mark.parametrize("moment", ["packs/", "keys/"])
def test_a_stage_that_is_cut_while_it_uploads_is_never_half_found_and_is_uploaded_by_the_next_run(
    bucket: Bucket, tmp_path: Path, moment: str
):
    here = machine(bucket, tmp_path / "here")
    put_all(here)
    bucket.cut_at = moment
    with pytest.raises(StoreError, match="cannot be reached"):
        here.finish()
    bucket.cut_at = None
    assert not any(key in machine(bucket, tmp_path / "there") for key in KEYS)
    again = machine(bucket, tmp_path / "here")
    assert all(again.get(key) is not None for key in KEYS), "the machine itself has lost nothing"
    again.finish()
    assert rounds_of(machine(bucket, tmp_path / "there"), KEYS[3]) == 3


@pytest.mark.parametrize("kind", ["packs", "keys"])
@pytest.mark.parametrize("damage", [b"", b"half", None], ids=["empty", "other bytes", "gone"])
def test_a_damaged_pack_is_fitted_again_with_a_warning(
    bucket: Bucket, tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str, damage: bytes | None
):
    here = machine(bucket, tmp_path / "here")
    put_all(here)
    here.finish()
    (path,) = (bucket.root / "fits" / "0b0b" / kind).iterdir()
    path.unlink() if damage is None else path.write_bytes(damage)
    with caplog.at_level(logging.WARNING):
        assert machine(bucket, tmp_path / "there").get(KEYS[0]) is None
    assert ("event=damaged_fit" in caplog.text) is (kind == "packs" and damage is not None)
    assert rounds_of(here, KEYS[5]) == 5


def test_a_flipped_bit_of_a_pack_is_found(bucket: Bucket, tmp_path: Path):
    here = machine(bucket, tmp_path / "here")
    put_all(here)
    here.finish()
    (path,) = (bucket.root / "fits" / "0b0b" / "packs").iterdir()
    content = bytearray(path.read_bytes())
    content[content.index(b"booster 3")] ^= 1
    path.write_bytes(bytes(content))
    assert machine(bucket, tmp_path / "there").get(KEYS[3]) is None


def test_a_bucket_that_cannot_be_read_is_an_error_and_no_reason_to_fit_again(bucket: Bucket, tmp_path: Path):
    here = machine(bucket, tmp_path / "here")
    put_all(here)
    here.finish()
    bucket.cut_at = "keys/"
    there = machine(bucket, tmp_path / "there")
    for _ in range(2):
        with pytest.raises(StoreError, match="cannot be reached"):
            there.get(KEYS[0])
    (name,) = (entry.name for entry in bucket.entries("fits/0b0b/keys/"))
    with pytest.raises(StoreError, match="cannot be reached"):
        read_keys(bucket, name)


@pytest.mark.parametrize("damage", [b"half", None], ids=["damaged", "gone"])
def test_the_fits_of_a_bad_pack_are_uploaded_again_and_no_later_machine_makes_them(
    bucket: Bucket, tmp_path: Path, damage: bytes | None
):
    here = machine(bucket, tmp_path / "here")
    put_all(here)
    here.finish()
    (path,) = (bucket.root / "fits" / "0b0b" / "packs").iterdir()
    path.unlink() if damage is None else path.write_bytes(damage)
    there = machine(bucket, tmp_path / "there")
    assert there.get(KEYS[3]) is None
    there.packs._next_listing.clear()
    assert KEYS[3] not in there, "a new listing does not bring it back"
    there.put(KEYS[3], FitResult(b"booster 3", 3, 0.1))
    there.finish()
    assert rounds_of(machine(bucket, tmp_path / "later"), KEYS[3]) == 3
    put_all(there)
    there.finish()
    assert [rounds_of(machine(bucket, tmp_path / "last"), key) for key in KEYS] == list(range(len(KEYS)))


def test_what_an_upload_has_not_stored_is_uploaded_by_the_next_call(bucket: Bucket, tmp_path: Path):
    here = machine(bucket, tmp_path / "here")
    put_all(here)
    bucket.cut_at = "packs/"
    with pytest.raises(StoreError, match="cannot be reached"):
        here.finish()
    bucket.cut_at = None
    here.finish()
    assert rounds_of(machine(bucket, tmp_path / "there"), KEYS[3]) == 3


def n_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_what_a_machine_keeps_of_packs_is_bounded_and_what_no_pack_holds_stays(
    bucket: Bucket, tmp_path: Path
):
    here = machine(bucket, tmp_path / "here", 5_000)
    for number, key in enumerate(KEYS[:-1]):
        here.put(key, FitResult(bytes(1_000), number, 0.1))
        os.utime(tmp_path / "here" / "fits" / key[:2] / key / HEADER, (number, number))
        here.finish()
        assert n_bytes(tmp_path / "here") <= 5_000
    held = [key for key in KEYS if key in here.local]
    assert held == KEYS[len(KEYS) - 1 - len(held) : -1], "the oldest went first"
    assert [rounds_of(here, key) for key in KEYS[:-1]] == list(range(len(KEYS) - 1)), "and none was lost"
    assert n_bytes(tmp_path / "here") <= 5_000

    tight = machine(bucket, tmp_path / "here", 1)
    tight.put(KEYS[-1], FitResult(bytes(1_000), 11, 0.1))
    assert rounds_of(tight, KEYS[0]) == 0
    assert KEYS[-1] in tight.local
    tight.finish()
    assert not any(key in tight.local for key in KEYS)
    assert rounds_of(tight, KEYS[-1]) == 11


def test_a_damaged_copy_is_fetched_again(bucket: Bucket, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    here = machine(bucket, tmp_path / "here")
    put_all(here)
    here.finish()
    copies = list((tmp_path / "here").rglob("*.pack"))
    assert copies
    for path in copies:
        path.write_bytes(b"other bytes")
    assert [rounds_of(here, key) for key in KEYS] == list(range(len(KEYS)))
    assert not caplog.messages


class InMemory(LocalBlobs):
    """A store in memory."""

    def __init__(self) -> None:
        super().__init__(Path("nowhere"))
        self.content: dict[str, bytes] = {}

    def get(self, name: str) -> bytes:
        return self.content[name]

    def put(self, name: str, content: bytes) -> None:
        self.content[name] = content

    def entries(self, prefix: str = "") -> list[BlobEntry]:
        return [BlobEntry(name, 0, 0.0) for name in self.content if name.startswith(prefix)]


def test_each_flipped_bit_of_a_header_or_of_the_directory_gives_the_values_or_our_error():
    bucket, results, unpacked = InMemory(), InMemory(), InMemory()
    KeyedFolders(BlobFolder(results, "fits"), "fit", FitResult).put(KEYS[0], FitResult(b"booster", 1, 0.1))
    packs = FitPacks(bucket, "fits", BlobFolder(unpacked, "fits"), 10**9)
    fit = {KEYS[0]: BlobFolder(results, f"fits/{KEYS[0][:2]}/{KEYS[0]}")}
    packs.upload(fit)
    (name,) = (name for name in bucket.content if "/packs/" in name)
    whole = bucket.content[name]
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        starts = [(member.header_offset, 30 + len(member.filename)) for member in archive.infolist()]
        headers = [place for start, length in starts for place in range(start, start + length)]
        places = [*headers, *range(archive.start_dir, len(whole))]
    n_found = 0
    for place, bit in itertools.product(places, range(8)):
        packs.upload(fit)
        damaged = bytearray(whole)
        damaged[place] ^= 1 << bit
        bucket.content[name] = bytes(damaged)
        try:
            packs.fetch(KEYS[0])
        except StoreError:
            n_found += 1
        assert unpacked.content.items() <= results.content.items()
    assert n_found > len(places)
