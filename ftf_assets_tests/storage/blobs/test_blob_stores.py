"""What every store of bytes promises, in a folder and in a bucket, also when the store is in trouble."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.storage.blobs import object_blobs
from ftf_assets.storage.blobs.blob_cache import SIZE_VARIABLE, BlobCache
from ftf_assets.storage.blobs.local_blobs import LocalBlobs
from ftf_assets.storage.blobs.object_blobs import ObjectBlobs
from ftf_assets.storage.blobs.protocol import PACK_SUFFIX, BlobDamaged, BlobMissing, BlobStore
from ftf_assets_tests.support.s3_server import (
    SECRET,
    Trouble,
    environment,
    free_port,
    new_bucket,
    read_only_user,
    s3_server,
    troubled,
)

pytestmark = pytest.mark.faults


def immutable(content: bytes) -> str:
    return f"fits/{hashlib.sha256(content).hexdigest()[:24]}.npy"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
def bucket(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectBlobs:
    for name, text in environment(endpoint).items():
        monkeypatch.setenv(name, text)
    return ObjectBlobs(new_bucket(endpoint), BlobCache(tmp_path / "cache"))


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return LocalBlobs(tmp_path / "home") if request.param == "folder" else request.getfixturevalue("bucket")


def test_what_is_put_is_got_and_replaced(store: BlobStore):
    store.put("a/header.json", b"old")
    store.put("a/header.json", b"new")
    assert store.get("a/header.json") == b"new"
    assert store.exists("a/header.json")


def test_what_is_not_there_is_missing(store: BlobStore):
    assert not store.exists("a/header.json")
    with pytest.raises(BlobMissing, match="there is no"):
        store.get("a/header.json")
    store.delete(["a/header.json"])


def test_exactly_one_of_several_writers_is_the_first(store: BlobStore):
    wrote: list[bool] = []
    start = threading.Barrier(6)

    def write(number: int) -> None:
        start.wait()
        wrote.append(store.put_if_absent("a/00000001.json", b"%d" % number))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(wrote) == [False] * 5 + [True]
    assert store.get("a/00000001.json").isdigit()


def test_a_listing_is_of_one_folder_and_in_order(store: BlobStore):
    for name in ("a/b/2", "a/b/1", "a/c", "ab/d"):
        store.put(name, name.encode())
    assert [(entry.name, entry.n_bytes) for entry in store.entries("a/")] == [
        ("a/b/1", 5),
        ("a/b/2", 5),
        ("a/c", 3),
    ]
    assert len(store.entries()) == 4
    store.delete(["a/b/1", "a/b/2"])
    assert [entry.name for entry in store.entries()] == ["a/c", "ab/d"]


def test_an_immutable_blob_has_a_local_file(store: BlobStore):
    name = immutable(b"values")
    store.put(name, b"values")
    assert store.local_file(name).read_bytes() == b"values"
    with pytest.raises(BlobMissing):
        store.local_file(immutable(b"others"))


def test_an_immutable_blob_is_checked_and_damage_and_loss_are_told_apart(store: BlobStore):
    name, gone = immutable(b"values"), immutable(b"others")
    store.put(name, b"values")
    store.check(name, 6)
    store.put(gone, b"half")
    with pytest.raises(BlobDamaged, match="does not have the checksum of its name"):
        store.check(gone, 6)
    store.delete([gone])
    with pytest.raises(BlobMissing):
        store.check(gone, 6)


def test_an_object_of_other_content_than_its_name_says_is_removed_by_who_reads_it(bucket: ObjectBlobs):
    name = immutable(b"values")
    bucket.put(name, b"valuez")
    bucket.check(name, 6)  # a look at the size does not find it
    with pytest.raises(BlobDamaged):
        bucket.get(name)
    with pytest.raises(BlobMissing):
        bucket.check(name, 6)


def test_the_arrays_that_a_machine_has_written_are_not_fetched_by_it(bucket: ObjectBlobs):
    name = immutable(b"arrays").replace(".npy", PACK_SUFFIX)
    bucket.put(name, b"arrays")
    bucket._store = None  # whoever asks the bucket now fails
    assert bucket.get(name) == b"arrays"


@pytest.mark.parametrize("name", ["../a", "/a", "a//b", "a/../b", "", ".hidden", "a/-b", "a b", "a\nb"])
def test_a_name_cannot_lead_out_of_the_store(store: BlobStore, name: str):
    for use in (store.get, store.exists, lambda name: store.put(name, b"")):
        with pytest.raises(InputError, match="plain words"):
            use(name)


def test_a_copy_is_used_and_a_damaged_one_is_fetched_again(bucket: ObjectBlobs, tmp_path: Path):
    name = immutable(b"values")
    bucket.put(name, b"values")
    assert bucket.get(name) == b"values"
    bucket._store = None  # whoever asks the bucket now fails
    assert bucket.get(name) == b"values"
    (copy,) = (tmp_path / "cache").glob("*/*")
    copy.write_bytes(b"valuez")
    assert bucket.cache.find(copy.name) is None
    assert not copy.exists()


def test_a_damaged_object_is_never_handed_out_as_a_file(bucket: ObjectBlobs):
    name = immutable(b"values")
    bucket.put(name, b"valuez")
    with pytest.raises(StoreError, match="damaged: its content does not have the checksum of its name"):
        bucket.local_file(name)


def test_the_cache_keeps_within_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(SIZE_VARIABLE, "1")
    cache = BlobCache(tmp_path)
    for number in range(12):
        content = bytes([number]) * 200_000
        cache.add(hashlib.sha256(content).hexdigest()[:24], content)
    kept = list(tmp_path.glob("*/*"))
    assert 1 < len(kept) <= 5
    assert cache.find(hashlib.sha256(content).hexdigest()[:24]) is not None, "the newest stays"


def test_a_full_disk_of_the_cache_is_said(bucket: ObjectBlobs, tmp_path: Path):
    (tmp_path / "cache").write_text("in the way")
    name = immutable(b"values")
    bucket.put(name, b"values")
    with pytest.raises(StoreError, match=r"the cache .* cannot be written: .*FTF_CACHE"):
        bucket.get(name)


REFUSED = [
    ("no such bucket", lambda a: a.replace("s3://b", "s3://c"), {}, "there is no such bucket. Create it"),
    ("nobody listens", lambda a: a, {"AWS_ENDPOINT_URL": "http://127.0.0.1:{port}"}, "cannot be reached"),
    ("plain http", lambda a: a, {"AWS_ALLOW_HTTP": "false"}, "is not https"),
]


@pytest.mark.parametrize(
    ("address", "variables", "says"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_is_wrong_is_said_in_one_line_without_a_secret(
    bucket: ObjectBlobs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    address: Callable[[str], str],
    variables: dict[str, str],
    says: str,
):
    for name, text in variables.items():
        monkeypatch.setenv(name, text.format(port=free_port()))
    monkeypatch.setattr(object_blobs, "_SECONDS_OF_RETRIES", 2)
    other = ObjectBlobs(address(bucket.address), BlobCache(tmp_path / "other"))
    for use in (
        lambda: other.get("a/b"),
        lambda: other.put("a/b", b""),
        lambda: other.put_if_absent("a/b", b""),
        lambda: other.entries("a/"),
    ):
        with pytest.raises(StoreError) as refused:
            use()
        assert says in str(refused.value)
        assert other.address in str(refused.value)
        assert "\n" not in str(refused.value)
        assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "s3://key:secret@bucket/home",
        "s3://bucket/home?token=x",
        "ftp://bucket/home",
        "s3:///home",
        "s3://b/../c",
    ],
)
def test_an_address_holds_bucket_and_folder_and_nothing_else(tmp_path: Path, address: str):
    with pytest.raises(InputError) as refused:
        ObjectBlobs(address, BlobCache(tmp_path))
    assert "secret" not in str(refused.value)


@pytest.fixture
def behind(
    endpoint: str, bucket: ObjectBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[ObjectBlobs, Trouble]]:
    """The bucket behind a proxy that makes trouble."""
    with troubled(endpoint) as (address, trouble):
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        monkeypatch.setattr(object_blobs, "_SECONDS_OF_RETRIES", 3)
        monkeypatch.setattr(object_blobs, "_SECONDS_FOR_AN_ANSWER", 1)
        yield ObjectBlobs(bucket.address, BlobCache(tmp_path / "behind")), trouble


@pytest.mark.parametrize("kind", ["overloaded", "slow", "cut", "garbled"])
def test_trouble_that_passes_is_waited_out(behind: tuple[ObjectBlobs, Trouble], kind: str):
    blobs, trouble = behind
    blobs.put("a/header.json", b"old" * 1000)
    trouble.kind, trouble.n_left, trouble.seconds = kind, 2, 2.0
    if kind == "garbled":
        assert blobs.get("a/header.json") == b"old" * 1000
        return
    blobs.put("a/header.json", b"new" * 1000)
    trouble.kind = None
    assert blobs.get("a/header.json") == b"new" * 1000


@pytest.mark.parametrize(
    ("kind", "says"),
    [("overloaded", "overloaded, also after retries"), ("slow", "in time"), ("cut", "cannot be reached")],
)
def test_trouble_that_stays_is_one_line_and_the_old_value_is_whole(
    behind: tuple[ObjectBlobs, Trouble], kind: str, says: str
):
    blobs, trouble = behind
    blobs.put("a/header.json", b"old" * 1000)
    trouble.kind, trouble.n_left, trouble.seconds = kind, -1, 2.0
    with pytest.raises(StoreError) as lost:
        blobs.put("a/header.json", b"new" * 1000)
    assert says in str(lost.value)
    assert "\n" not in str(lost.value)
    trouble.kind = None
    # A store that answers too late may have written all the same.
    whole = [b"old" * 1000, *([b"new" * 1000] if kind == "slow" else [])]
    assert blobs.get("a/header.json") in whole


def test_a_store_that_ignores_the_condition_of_a_write_is_refused(behind: tuple[ObjectBlobs, Trouble]):
    blobs, trouble = behind
    trouble.kind = "unconditional"
    for _ in range(2):
        with pytest.raises(StoreError, match="ignores the condition of a write"):
            blobs.put_if_absent("a/00000001.json", b"x")
    assert not blobs.exists("a/00000001.json")


def test_whether_conditions_are_kept_is_asked_once(behind: tuple[ObjectBlobs, Trouble]):
    blobs, trouble = behind
    assert blobs.put_if_absent("a/00000001.json", b"x")
    before = trouble.n_requests
    assert blobs.put_if_absent("a/00000002.json", b"x")
    assert trouble.n_requests == before + 1


def test_a_bucket_that_may_only_be_read_and_wrong_credentials_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with s3_server(checks_rights=True) as address:
        for name, text in environment(address).items():
            monkeypatch.setenv(name, text)
        bucket = ObjectBlobs(new_bucket(address), BlobCache(tmp_path))
        bucket.put("a/header.json", b"old")
        key, secret = read_only_user(address)

        def opened(key: str, secret: str) -> ObjectBlobs:
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
            return ObjectBlobs(bucket.address, BlobCache(tmp_path))

        reader = opened(key, secret)
        assert reader.get("a/header.json") == b"old"
        for write in (reader.put, reader.put_if_absent):
            with pytest.raises(StoreError, match=r"cannot be written: these credentials may not do that$"):
                write("a/header.json", b"new")
        for other in (opened(key, SECRET), opened("nobody", SECRET)):
            with pytest.raises(StoreError) as refused:
                other.get("a/header.json")
            assert "the store refuses the credentials" in str(refused.value)
            assert SECRET not in str(refused.value)
        assert opened(key, secret).get("a/header.json") == b"old"
