"""The records at the end of the report: cells without metrics, where the rows come from, the settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePath

import pandas as pd

from ftf_assets.contracts.tables.finetune_results import OK
from ftf_assets.report.formats import NOTHING
from ftf_assets.report.tables import Column, Part, Table, Value, number_column, plain_rows, text_column
from ftf_assets.sweep.settings import SweepSettings

_UNMEASURED = (
    text_column("crypto", "crypto"),
    number_column("fold", "fold"),
    text_column("variant", "variant"),
    text_column("status", "status"),
    text_column("stage", "error_stage"),
    Column("error", (Part("error_type", after=": "), Part("error_message")), "long"),
)
_PROVENANCE = (
    text_column("crypto", "crypto"),
    text_column("source", "data_source"),
    text_column("file", "source_file", "long"),
    text_column("quote currency", "quote_currency"),
    text_column("data fingerprint", "data_fingerprint", "hash"),
    text_column("code version", "code_version", "hash"),
    text_column("run", "run_id", "hash"),
)
_SETTINGS = (text_column("setting", "setting"), text_column("value", "value", "long"))


def unmeasured_table(rows: pd.DataFrame) -> Table | None:
    """List the cells without metrics; None where every cell was measured.

    Parameters
    ----------
    rows
        Rows of ``finetune_results``.
    """
    without = rows[rows["status"] != OK]
    caption = "Cells without metrics"
    return _table("unmeasured", caption, _UNMEASURED, without) if len(without) else None


def provenance_table(rows: pd.DataFrame) -> Table:
    """Say where the rows come from, a line a crypto, file, code version and run.

    Parameters
    ----------
    rows
        Rows of ``finetune_results``.
    """
    names = [part.name for column in _PROVENANCE for part in column.parts]
    return _table("provenance-rows", "Where the rows come from", _PROVENANCE, rows[names].drop_duplicates())


def settings_tables(settings: SweepSettings, gate_settings: str) -> list[Table]:
    """List the settings of the sweep and of the gate.

    Parameters
    ----------
    settings
        Of the sweep. Of the path the last folder only is shown, because reports are passed on.
    gate_settings
        Of the gate, a JSON object.
    """
    of_sweep = {name: _in_words(value) for name, value in settings.by_name().items()}
    of_sweep |= {"data.path": PurePath(settings.data.path or NOTHING).name}
    of_gate: dict[str, str] = {}
    for group, values in json.loads(gate_settings).items():
        if isinstance(values, dict):
            of_gate |= {f"{group}: {name}": _in_words(value) for name, value in values.items()}
        else:
            of_gate[group] = _in_words(values)
    return [
        _named("sweep-settings", "Settings of the sweep", of_sweep),
        _named("gate-settings", "Settings of the gate", of_gate),
    ]


def _table(name: str, caption: str, columns: tuple[Column, ...], frame: pd.DataFrame) -> Table:
    names = [part.name for column in columns for part in column.parts]
    return Table(name, caption, columns, plain_rows(frame.to_dict("records"), names))


def _named(name: str, caption: str, values: Mapping[str, str]) -> Table:
    rows = tuple({"setting": Value(key, key), "value": Value(text, text)} for key, text in values.items())
    return Table(name, caption, _SETTINGS, rows)


def _in_words(value: object) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_in_words(one)}" for name, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
