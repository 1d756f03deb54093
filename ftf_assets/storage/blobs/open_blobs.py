"""The store of an address: a folder or a bucket."""

from __future__ import annotations

from pathlib import Path

from ftf_assets.storage.blobs.protocol import BlobStore


def is_bucket(address: str) -> bool:
    """Whether an address is that of a bucket rather than a folder."""
    return "://" in address


def bucket_address(address: str) -> str:
    """Return the address of a bucket without a slash at its end; raises as ``checked_address``."""
    from ftf_assets.storage.blobs.object_blobs import checked_address

    return checked_address(address)


def open_blobs(address: str, local: Path) -> BlobStore:
    """Open the store of an address.

    Parameters
    ----------
    address
        A folder, or a bucket such as ``s3://bucket/prefix``.
    local
        Folder of this machine for copies of a bucket's objects.

    Raises
    ------
    InputError, StoreError
        The address is not one, or the store cannot be opened.
    """
    if is_bucket(address):
        from ftf_assets.storage.blobs.blob_cache import BlobCache
        from ftf_assets.storage.blobs.object_blobs import ObjectBlobs

        return ObjectBlobs(address, BlobCache(local / "cache"))
    from ftf_assets.storage.blobs.local_blobs import LocalBlobs

    return LocalBlobs(Path(address))
