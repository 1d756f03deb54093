"""The noise audit on the real path: its own job, its tables, the gate's warning and the report's section."""

from __future__ import annotations

import json

import dagster as dg
import pytest

from ftf_assets.contracts.tables.noise_audit import NoiseAudit, NoiseAuditEffects
from ftf_assets.graph.instance import open_instance
from ftf_assets.running.sweep_run import run_sweep
from ftf_assets.storage.audit_store import AuditStore
from ftf_assets.storage.home import Home
from ftf_assets_tests.end_to_end.conftest import Ftf
from ftf_assets_tests.support.settings import set_options
from ftf_assets_tests.support.small_sweep import QUICK_FITS, small_sweep

pytestmark = pytest.mark.end_to_end

#: The settings of short fits that an audit has.
SHORT_FITS = {name: QUICK_FITS[name] for name in ("min_rounds", "max_rounds", "patience")}


@pytest.mark.pictures
def test_an_audit_is_stored_shown_and_known_to_the_gate_and_the_report(ftf: Ftf, home: Home):
    command = ("audit", "--crypto", "OPUSDC", "--kinds", "none,known_truth", *set_options(**SHORT_FITS))
    done = ftf(*command, "--json")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["failed_checks"] == []
    assert {row["kind"] for row in printed["found"]} == {"none", "known_truth"}
    assert all(row["status"] == "ok" for row in printed["found"] + printed["effects"])

    sweep = small_sweep(cryptos="OPUSDC", n_folds=1, factors="cleanlab=filter")
    found, effects = AuditStore(home).audits({"OPUSDC": sweep.artifact_key("coerced_arrays", "OPUSDC")})
    NoiseAudit.validate(found, lazy=True)
    NoiseAuditEffects.validate(effects, lazy=True)
    assert (len(found), len(effects)) == (len(printed["found"]), len(printed["effects"]))
    assert set(found["audit_id"]) == {printed["audit_ids"]["OPUSDC"]}

    with open_instance(home) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey("noise_audit"))
    metadata = event.asset_materialization.metadata
    assert "data:image/svg+xml;base64," in metadata["lift_over_chance"].value
    assert {record.data["detector"] for record in metadata["found"].records} == set(found["detector"])
    said = [one["says"] for one in printed["answer"]]
    assert [one["line"] for one in printed["answer"]] == [
        *("answer", "cleanlab", "temporal", "cost of noise", "not found", "needed")
    ]
    assert [metadata[one["line"]].value for one in printed["answer"]] == said

    gate = run_sweep(sweep, home, on_fit=lambda event: None)
    assert gate.failed_checks == [], "no level is locked, so what the audit says is a hint"
    beats = (found["detector"] == "cleanlab") & found["beats_controls"].fillna(value=False)
    assert not any("no noise audit" in hint for hint in gate.hints)
    assert bool(gate.hints) != bool(beats.any())
    page = gate.report.read_text(encoding="utf-8")
    assert "The noise audit: would wrong labels be found on these data?" in page
    temporal = found[(found["detector"] == "temporal") & (found["given_label"] == "BUY")].iloc[0]
    assert f"{temporal['lift']:.2f} ({temporal['lift_low']:.2f} to {temporal['lift_high']:.2f})" in page
    assert all(one in page.replace("&#43;", "+").replace("&#39;", "'") for one in said)

    again = ftf(*command)
    assert again.returncode == 0, again.stderr
    shown = again.stdout.splitlines()
    assert [line[15:] for line in shown[:6]] == said
    assert "lift, BUY" not in again.stdout, "the tables are behind --all"
    assert "lift, BUY" in ftf(*command, "--all").stdout
    found_again, _ = AuditStore(home).audits({"OPUSDC": sweep.artifact_key("coerced_arrays", "OPUSDC")})
    assert found_again["lift"].tolist() == pytest.approx(found["lift"].tolist(), nan_ok=True)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--kinds", "burst"), "unknown kind of noise"),
        (("--noise-seeds", "3"), "noise_seeds"),
        (("--noise-share", "0.4"), "noise_share"),
        (("--noise-seeds", "100"), "a long audit must be confirmed"),
        (("--set", "treatment.factors=cleanlab"), "an audit does not use treatment.factors"),
        (("--set", "ceiling.repeats=2"), "an audit does not use ceiling.repeats"),
        (("--set", "training.seeds=2"), "an audit does not use training.seeds"),
    ],
)
def test_a_bad_request_is_one_line_and_writes_nothing(ftf: Ftf, home: Home, arguments, named):
    done = ftf("audit", *arguments)
    assert done.returncode == 2
    assert named in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not home.path.exists()
