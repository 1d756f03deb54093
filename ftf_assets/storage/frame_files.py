"""Frames of a caller as files that a source reads: written once a home, named by their content."""

from __future__ import annotations

import hashlib
import io
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ftf_assets.contracts.errors import StoreError, input_error
from ftf_assets.storage.home import Home
from ftf_assets.sweep.crypto_groups import crypto_name


def write_frames(home: Home, frames: Mapping[str, pd.DataFrame]) -> tuple[Path, tuple[str, ...]]:
    """Write one Parquet file per crypto to a folder of the home that is named by all of their content.

    Equal frames give the same folder, so a sweep of them is the same sweep, and nothing is fitted twice. The
    file of a crypto has the same content in every folder, whatever the other cryptos are.

    Parameters
    ----------
    home
        Where the folder is made; an existing one is left as it is.
    frames
        Frame by crypto, with its index. ``frame.attrs`` are not kept.

    Returns
    -------
    folder : Path
        The folder.
    cryptos : tuple of str
        The names of the cryptos, sorted: ``DOGE/USDT`` is ``DOGEUSDT``.

    Raises
    ------
    InputError
        There is no frame, a crypto's name is not one or is there twice, what came is not a frame, or a column
        holds a mixture that Parquet cannot.
    StoreError
        The home cannot be written.
    """
    files = {crypto: parquet_of(crypto, frame) for crypto, frame in frames_by_name(frames).items()}
    digest = hashlib.sha256()
    for crypto, content in files.items():
        digest.update(f"{crypto} {hashlib.sha256(content).hexdigest()}\n".encode())
    folder = home.frames / digest.hexdigest()[:16]
    if folder.is_dir():
        return folder, tuple(files)
    partial = home.frames / f".{folder.name}.{uuid.uuid4().hex}.partial"
    try:
        partial.mkdir(parents=True)
        for crypto, content in files.items():
            (partial / f"{crypto}.parquet").write_bytes(content)
        partial.rename(folder)
    except OSError as error:
        if not folder.is_dir():  # unless another process was first
            raise StoreError(f"cannot write frames to {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder, tuple(files)


def frames_by_name(frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Give the frames by the names of their cryptos, sorted.

    Raises
    ------
    InputError
        There is no frame, what came is no mapping of frames, or a crypto's name is not one or is there twice.
    """
    if not isinstance(frames, Mapping):
        raise input_error(
            "data are frames by crypto", found=type(frames).__qualname__, fix='Pass {"OPUSDC": frame}.'
        )
    if not frames:
        raise input_error("a sweep needs at least one crypto", fix='Pass {"OPUSDC": frame}.')
    by_name = {crypto_name(str(given)): frame for given, frame in frames.items()}
    if len(by_name) < len(frames):
        raise input_error("a crypto is there twice", found=", ".join(map(str, frames)))
    for crypto, frame in by_name.items():
        if not isinstance(frame, pd.DataFrame):
            raise input_error(
                "the data of a crypto must be a DataFrame", crypto=crypto, found=f"{type(frame).__qualname__}"
            )
    return dict(sorted(by_name.items()))


def parquet_of(crypto: str, frame: pd.DataFrame) -> bytes:
    """Write a frame as Parquet, with its index and without ``attrs``.

    Raises
    ------
    InputError
        Two columns have one name, or a column holds a mixture that Parquet cannot.
    """
    names = pd.Index([str(name) for name in frame.columns])
    if names.has_duplicates:
        raise input_error(
            "a column is there twice",
            crypto=crypto,
            column=str(names[names.duplicated()][0]),
            fix="Keep one of them, or rename one.",
        )
    plain = frame.copy(deep=False)
    plain.attrs = {}
    content = io.BytesIO()
    try:
        plain.to_parquet(content, engine="pyarrow")
    except (ValueError, TypeError, NotImplementedError) as error:  # pyarrow's errors are ValueErrors
        raise input_error(
            "the frame cannot be written as Parquet",
            crypto=crypto,
            found=" ".join(str(error).split()),
            fix="Give each column one type.",
        ) from error
    return content.getvalue()
