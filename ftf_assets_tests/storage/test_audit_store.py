"""The audit store: an audit replaces its rows, and the newest of each audited data is found."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from ftf_assets.storage.audit_store import AuditStore
from ftf_assets.storage.home import Home
from ftf_assets_tests.support.audit_rows import AUDITED_AT, effect_row, found_row, frames, whole_audit

KEY = {"OPUSDC": "rows of OPUSDC"}


@pytest.fixture
def store(tmp_path: Path) -> AuditStore:
    return AuditStore(Home(tmp_path))


def test_rows_are_read_with_their_dtypes_and_in_their_order(store):
    found, effects = frames(*whole_audit())
    store.write_audit(found, effects)
    read_found, read_effects = store.audits(KEY)
    pd.testing.assert_frame_equal(read_found, found)
    pd.testing.assert_frame_equal(read_effects, effects)


def test_an_audit_that_runs_again_replaces_all_of_its_rows(store):
    store.write_audit(*frames(*whole_audit()))
    store.write_audit(*frames([found_row()], [effect_row()]))
    found, effects = store.audits(KEY)
    assert (len(found), len(effects)) == (1, 1)


def test_of_two_audits_of_the_same_rows_the_newest_is_read_and_both_are_kept(store):
    other = {"audit_id": "audit_of_more_seeds", "created_at": AUDITED_AT + pd.Timedelta(days=1)}
    store.write_audit(*frames([found_row()], [effect_row()]))
    store.write_audit(*frames([found_row(n_seeds=9, **other)], [effect_row(**other)]))
    found, _ = store.audits(KEY)
    assert found["audit_id"].tolist() == ["audit_of_more_seeds"]
    store.write_audit(*frames([found_row(created_at=AUDITED_AT + pd.Timedelta(days=2))],
                              [effect_row(created_at=AUDITED_AT + pd.Timedelta(days=2))]))  # fmt: skip
    assert store.audits(KEY)[0]["audit_id"].tolist() == ["audit_0123456789ab"]


def test_cryptos_are_partitions_and_rows_that_were_never_audited_have_none(store):
    for crypto in ("OPUSDC", "LDOUSDC"):
        store.write_audit(*frames([found_row(crypto)], [effect_row(crypto)]))
    found, effects = store.audits({**KEY, "LDOUSDC": "rows of LDOUSDC", "UNIUSDC": "rows of nobody"})
    assert found["crypto"].tolist() == effects["crypto"].tolist() == ["LDOUSDC", "OPUSDC"]
    assert store.audits({"OPUSDC": "rows of nobody"})[0].empty
