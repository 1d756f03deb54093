"""A check as Python asks for it: of frames or of a path, as a value that a notebook shows."""

from __future__ import annotations

import html
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.running.check_words import check_lines, check_table
from ftf_assets.running.data_check import DataCheck, Kind, ResultsCheck, check_data, kind_of_columns
from ftf_assets.storage.frame_files import frames_by_name, parquet_of
from ftf_assets.sweep.crypto_check import CryptoCheck

Data = pd.DataFrame | Mapping[str, pd.DataFrame] | str | Path


@dataclass(frozen=True, eq=False)
class CheckedData:
    """What a sweep, or the gate, would make of data. A notebook shows it as a table.

    Attributes
    ----------
    check
        Everything that was found, as data; ``check.as_json()`` gives it as plain values.
    """

    check: DataCheck

    @property
    def accepted(self) -> bool:
        """Whether everything that was found would be accepted."""
        return self.check.accepted

    @property
    def refused(self) -> dict[str, str]:
        """Why a crypto, or a file of results, would be refused, by its name; leaks included."""
        cryptos = {
            one.crypto: "; ".join(filter(None, (one.refused, *(f"leaks: {leak}" for leak in one.leaks))))
            for one in self.check.cryptos
        }
        results = {one.file: one.refused for one in self.check.results}
        return {name: why for name, why in (cryptos | results).items() if why}

    @property
    def table(self) -> pd.DataFrame:
        """One row per crypto, or per file of results, as texts: what ``ftf check`` prints."""
        rows, headings = check_table(self.check)
        texts = [{heading: row.get(name, "-") for name, heading in headings.items()} for row in rows]
        return pd.DataFrame(texts, columns=list(headings.values()))

    def __repr__(self) -> str:
        return "\n".join([self.table.to_string(index=False), *check_lines(self.check)])

    def _repr_html_(self) -> str:
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in check_lines(self.check))
        return self.table.to_html(index=False, escape=True) + lines


def check_frames(data: Data, *, kind: Kind | None, settings: Mapping[str, Any], crypto: str) -> CheckedData:
    """Check data; the parameters are those of :func:`ftf_assets.api.check`."""
    if isinstance(data, str | Path):
        return CheckedData(check_data(data, settings, kind=kind))
    if isinstance(data, pd.DataFrame):
        frames = {crypto: data}
    elif isinstance(data, Mapping):
        frames = dict(data)
    else:
        raise input_error(
            "data to check must be a frame, frames by crypto, or a path",
            found=f"{type(data).__module__}.{type(data).__qualname__}",
        )
    frames = frames_by_name(frames)
    if kind is None and isinstance(data, pd.DataFrame):
        kind = _kind_of(data)
    with tempfile.TemporaryDirectory() as folder:
        refused = _write(frames, Path(folder))
        if len(refused) == len(frames):
            return CheckedData(
                _with_refused(DataCheck("memory", kind or _kind_of(*frames.values())), refused)
            )
        path = Path(folder)
        if kind == "results":
            path /= f"{next(name for name in frames if name not in refused)}.parquet"
        found = check_data(path, settings, kind=kind)
    return CheckedData(_with_refused(replace(found, path="memory", run_next=_next_call(found)), refused))


def _kind_of(*frames: pd.DataFrame) -> Kind:
    first = frames[0]
    return kind_of_columns([str(name) for name in (*first.columns, *first.index.names)])


def _write(frames: Mapping[str, pd.DataFrame], folder: Path) -> dict[str, InputError]:
    """Write each frame to a file of its crypto, and return why the others cannot be written."""
    refused = {}
    for crypto, frame in frames.items():
        try:
            (folder / f"{crypto}.parquet").write_bytes(parquet_of(crypto, frame))
        except InputError as error:
            refused[crypto] = error
    return refused


def _with_refused(found: DataCheck, refused: Mapping[str, InputError]) -> DataCheck:
    """Add the frames that no file can hold."""
    if found.kind == "results":
        results = (ResultsCheck(f"{crypto}.parquet", refused=str(error)) for crypto, error in refused.items())
        return replace(found, results=(*found.results, *results))
    cryptos = (CryptoCheck(crypto, refused=str(error)) for crypto, error in refused.items())
    return replace(found, cryptos=tuple(sorted((*found.cryptos, *cryptos), key=lambda one: one.crypto)))


def _next_call(found: DataCheck) -> str:
    if not found.run_next:
        return ""
    if found.kind == "results":
        return "ftf.judge(results)"
    taken = ", ".join(f'"{one.crypto}": …' for one in found.cryptos if one.accepted)
    named = "" if found.kind == "features" else "candles="
    return f'ftf.run_sweep({named}{{{taken}}}, settings={{"training.trials": 0}})'
