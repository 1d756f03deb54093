#!/usr/bin/env python3
"""How long it takes to look up finished fits: in a folder, and in packs as a bucket holds them.

python -m benchmarks.finished_fits [--fits 27500]

27,500 are 500 cryptos x 5 folds x 11 fits. A folder stands for the bucket, so its seconds are those of this
code without a network; the requests are those that a bucket would get.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from benchmarks.measuring import report
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.blobs.local_blobs import LocalBlobs
from ftf_assets.storage.blobs.protocol import BlobEntry
from ftf_assets.storage.fit_packs import FitPacks
from ftf_assets.storage.fit_store import KeyedFolders
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.keys import key_of_crypto, owner_of, stable_hash

FITS_OF_A_CRYPTO = 55
FITS_OF_A_STAGE = 11
BOOSTER = b"booster " * 1_000


class CountingStore(LocalBlobs):
    """A folder that counts what a bucket would be asked."""

    n_requests = 0

    def get(self, name: str) -> bytes:
        self.n_requests += 1
        return super().get(name)

    def put(self, name: str, content: bytes) -> None:
        self.n_requests += 1
        super().put(name, content)

    def entries(self, prefix: str = "") -> list[BlobEntry]:
        found = super().entries(prefix)
        self.n_requests += 1 + len(found) // 1_000  # a listing has pages of a thousand
        return found


def timed(what: str, n_fits: int, work: Callable[[], object], bucket: CountingStore) -> dict[str, object]:
    """Wall and processor seconds of some work, and the requests to the bucket."""
    before, begin, cpu = bucket.n_requests, time.perf_counter(), time.process_time()
    work()
    return {
        "what": what,
        "fits": n_fits,
        "s": time.perf_counter() - begin,
        "processor s": time.process_time() - cpu,
        "requests": bucket.n_requests - before,
    }


def measure(folder: Path, n_fits: int) -> list[dict[str, object]]:
    """Store so many fits, then look all of them up as a new process does."""
    keys = [
        key_of_crypto(f"C{number // FITS_OF_A_CRYPTO}USDC", {"number": number}) for number in range(n_fits)
    ]
    absent = [stable_hash({"not": key}, 12) + owner_of(key) for key in keys]
    bucket = CountingStore(folder / "bucket")

    def opened() -> KeyedFolders[FitResult]:
        return KeyedFolders(BlobFolder.of_path(folder / "fits"), "fit", FitResult)

    def found(store: KeyedFolders[FitResult] | FitPacks, some: Sequence[str], n_expected: int) -> None:
        store.load(some)
        assert sum(key in store for key in some) == n_expected

    def store_all(store: KeyedFolders[FitResult]) -> None:
        for key in keys:
            store.put(key, FitResult(BOOSTER, 100, 0.1))

    def upload_all(packs: FitPacks) -> None:
        for first in range(0, n_fits, FITS_OF_A_STAGE):
            packs.upload({key: opened().of(key) for key in keys[first : first + FITS_OF_A_STAGE]})

    def packs() -> FitPacks:
        return FitPacks(bucket, "fits", BlobFolder.of_path(folder / "other"))

    return [
        timed("stored in a folder", n_fits, lambda: store_all(opened()), bucket),
        timed("looked up in a folder", n_fits, lambda: found(opened(), keys, n_fits), bucket),
        timed("not found in a folder", n_fits, lambda: found(opened(), absent, 0), bucket),
        timed("read from a folder", n_fits, lambda: [opened().read(key) for key in keys], bucket),
        timed("packed", n_fits, lambda: upload_all(packs()), bucket),
        timed("looked up in packs", n_fits, lambda: found(packs(), keys, n_fits), bucket),
    ]


@click.command()
@click.option("--fits", default=27_500, show_default=True)
def main(fits: int) -> None:
    """Print how long each way takes."""
    with tempfile.TemporaryDirectory() as folder:
        report("finished fits", measure(Path(folder), fits))


if __name__ == "__main__":
    main()
