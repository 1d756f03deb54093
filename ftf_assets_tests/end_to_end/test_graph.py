"""The graph itself, in process on a real instance: what Dagster would let slip, and what it must show."""

from __future__ import annotations

import dagster as dg
import pytest

from ftf_assets.contracts.bundles import TrainedModels
from ftf_assets.definitions import defs
from ftf_assets.graph import io_managers
from ftf_assets.graph.check_history import CONTRACT_CHECK
from ftf_assets.graph.crypto_partitions import partition_of
from ftf_assets.graph.instance import open_instance
from ftf_assets.graph.jobs import SWEEP_JOB
from ftf_assets.graph.run_processes import LOCATION
from ftf_assets.running.job_runs import run_config
from ftf_assets.running.sweep_run import run_sweep
from ftf_assets.storage.artifacts import write_artifact
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.settings import SETTINGS, SweepSettings, sweep_settings
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training import boosting
from ftf_assets.training.boosting import bin_features
from ftf_assets_tests.support.production import feature_cache
from ftf_assets_tests.support.small_sweep import small_sweep

pytestmark = pytest.mark.end_to_end

ASSETS = [
    *("candles", "feature_cache", "coerced_arrays", "smoothed_labels", "fold_baselines"),
    *("cleanlab_masks", "trained_models", "label_ceiling", "finetune_results"),
]


def materialise(
    sweep: Sweep, home: Home, crypto: str, assets: list[str] | None = None
) -> dg.ExecuteInProcessResult:
    keys = [dg.AssetKey(asset) for asset in assets] if assets else None
    with open_instance(home) as instance:
        return defs.resolve_job_def(SWEEP_JOB).execute_in_process(
            instance=instance,
            partition_key=partition_of(crypto, sweep.settings.data.source),
            asset_selection=keys,
            run_config=run_config(sweep, home),
            raise_on_error=False,
        )


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    error = next(event.step_failure_data.error for event in result.all_events if event.is_step_failure)
    return error.to_string()


def test_two_sweeps_with_different_settings_never_meet_in_one_path(home: Home):
    plain, smoother = small_sweep(), small_sweep(mild_epsilon_buy=0.15)
    labels = ["candles", "feature_cache", "coerced_arrays", "smoothed_labels"]
    assert materialise(plain, home, "OPUSDC", labels).success
    assert materialise(smoother, home, "OPUSDC", labels).success
    stored = sorted(
        path.parent.name for path in home.path.glob("artifacts/smoothed_labels/OPUSDC/*/header.json")
    )
    assert stored == sorted(sweep.artifact_key("smoothed_labels", "OPUSDC") for sweep in (plain, smoother))
    shared = list(home.path.glob("artifacts/coerced_arrays/OPUSDC/*/header.json"))
    assert len(shared) == 1, "what the changed setting does not touch is the same value"


def test_a_downstream_asset_under_other_settings_finds_nothing_instead_of_another_sweeps_values(home: Home):
    assert materialise(small_sweep(), home, "OPUSDC", ASSETS[:3]).success
    other = materialise(small_sweep(stop_atr=0.7), home, "OPUSDC", ["smoothed_labels"])
    assert not other.success
    assert "coerced_arrays cannot be read under these settings" in failure_of(other)


def test_an_asset_refuses_an_input_whose_contract_check_is_red_also_in_a_later_run(home: Home):
    sweep = small_sweep()
    assert materialise(sweep, home, "OPUSDC", ASSETS[:3]).success
    key = dg.AssetCheckKey(dg.AssetKey("coerced_arrays"), CONTRACT_CHECK)
    with open_instance(home) as instance:
        instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(
                asset_key=key.asset_key,
                check_name=key.name,
                passed=False,
                metadata={"artifact_key": sweep.artifact_key("coerced_arrays", "OPUSDC")},
                description="row 17 is out of order",
                partition=partition_of("OPUSDC", "market"),
            )
        )
    later = materialise(sweep, home, "OPUSDC", ["smoothed_labels"])
    assert not later.success
    assert "the check contract of coerced_arrays has failed: row 17 is out of order" in failure_of(later)
    assert materialise(sweep, home, "LDOUSDC", ASSETS[:4]).success, "another crypto's red is not this one's"
    assert materialise(sweep, home, "OPUSDC", ASSETS[:4]).success, "materialised and checked anew it is green"


def test_a_level_whose_column_the_features_lack_is_refused_where_they_become_arrays(home: Home, tmp_path):
    feature_cache(4_000).drop(columns=["label_stability", "label_stability_end"]).to_parquet(
        tmp_path / "OPUSDC.parquet"
    )
    sweep = small_sweep(source="features", path=str(tmp_path), cryptos="OPUSDC", factors="sample_weight")
    refused = materialise(sweep, home, "OPUSDC", ASSETS[:3])
    (step,) = [event.step_key for event in refused.all_events if event.is_step_failure]
    assert step == "coerced_arrays"
    assert "label_stability: sample_weight = label_stability needs" in failure_of(refused).replace("'", "")


def test_a_damaged_artifact_turns_the_check_of_its_partition_red_and_no_other(
    home: Home, monkeypatch: pytest.MonkeyPatch
):
    def write_then_damage(folder: BlobFolder, value: object, identity: dict[str, object]) -> None:
        write_artifact(folder, value, identity)
        files = home.path / folder.name
        if files.parts[-3:-1] == ("coerced_arrays", "OPUSDC"):
            (pack,) = files.glob("*.pack")
            content = pack.read_bytes()
            pack.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    monkeypatch.setattr(io_managers, "write_artifact", write_then_damage)
    sweep = small_sweep()
    damaged = materialise(sweep, home, "OPUSDC", ASSETS[:4])
    healthy = materialise(sweep, home, "LDOUSDC", ASSETS[:4])
    assert not damaged.success, "the check is blocking"
    assert healthy.success
    for result, passed in ((damaged, False), (healthy, True)):
        (evaluation,) = [
            one
            for one in result.get_asset_check_evaluations()
            if one.asset_check_key == dg.AssetCheckKey(dg.AssetKey("coerced_arrays"), CONTRACT_CHECK)
        ]
        assert evaluation.passed is passed
        assert passed or "is damaged" in str(evaluation.description)
    with open_instance(home) as instance:
        history = instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(dg.AssetKey("coerced_arrays"), CONTRACT_CHECK), limit=10
        )
    assert {record.partition: record.evaluation.passed for record in history} == {
        "OPUSDC|market": False,
        "LDOUSDC|market": True,
    }


def test_a_run_whose_settings_do_not_name_its_crypto_is_refused(home: Home):
    result = materialise(small_sweep(cryptos="LDOUSDC"), home, "OPUSDC", ["candles"])
    assert not result.success
    assert "OPUSDC: this crypto is not part of the sweep (allowed: LDOUSDC)" in failure_of(result)


def test_every_asset_is_documented_owned_versioned_and_checked():
    graph = defs.resolve_asset_graph()
    assert sorted(key.to_user_string() for key in graph.get_all_asset_keys()) == sorted(
        [*ASSETS, "gate_decision", "noise_audit", "sweep_report"]
    )
    for asset in (*ASSETS, "gate_decision", "sweep_report"):
        node = graph.get(dg.AssetKey(asset))
        assert node.description
        assert node.owners == ["team:quant-research"]
        assert node.group_name in ("data", "treatment", "training", "results", "decision")
        assert node.code_version
        assert node.kinds
        assert (node.partitions_def is None) is (asset in ("gate_decision", "sweep_report"))
    blocking = {
        key.asset_key.to_user_string()
        for key in graph.asset_check_keys
        if graph.get_check_spec(key).blocking and key.name == CONTRACT_CHECK
    }
    assert blocking == {*ASSETS, "gate_decision", "noise_audit"}


def test_the_launchpad_shows_every_setting_with_its_description_and_refuses_unknown_ones():
    job = defs.resolve_job_def(SWEEP_JOB)
    refused = [
        {"data": {"source": "ftp"}},
        {"data": {"cryptos": "OPUSDC"}},
        {"folds": {"n_folds": "five"}},
        {"folds": {"n_fold": 3}},
        {"n_folds": 3},
    ]
    for config in refused:
        with pytest.raises(dg.DagsterInvalidConfigError):
            dg.validate_run_config(job, {"resources": {"sweep": {"config": config}}})
    assert dg.validate_run_config(job, {})
    fields = job.run_config_schema.config_type.fields["resources"].config_type.fields["sweep"].config_type
    shown = fields.fields["config"].config_type.fields
    assert set(shown) == set(SweepSettings.model_fields)
    for group, block in shown.items():
        assert block.description, group
        for name, field in block.config_type.fields.items():
            assert field.description == SETTINGS[f"{group}.{name}"].description


def test_the_settings_that_the_launchpad_sends_are_those_of_the_command(home: Home):
    sweep = small_sweep(cryptos="OPUSDC", factors="cleanlab=off,filter", max_rounds=30)
    config = {"resources": {"sweep": {"config": sweep.settings.model_dump(mode="json")}}}
    validated = dg.validate_run_config(defs.resolve_job_def(SWEEP_JOB), config)
    block = validated["resources"]["sweep"]["config"]
    assert sweep_settings(block) == sweep.settings


def assert_every_number_leads_back_to_the_candles(result: dg.ExecuteInProcessResult) -> None:
    shown = {
        event.asset_key: event.materialization.metadata for event in result.get_asset_materialization_events()
    }
    columns = {
        asset: {column.name for column in metadata["dagster/column_schema"].schema.columns}
        for asset, metadata in shown.items()
        if "dagster/column_schema" in metadata
    }
    deps = {
        (asset, column): {(one.asset_key, one.column_name) for one in read}
        for asset, metadata in shown.items()
        if "dagster/column_lineage" in metadata
        for column, read in metadata["dagster/column_lineage"].column_lineage.deps_by_column.items()
    }
    for column, read in deps.items():
        assert read, column
        assert all(name in columns[asset] for asset, name in read), column
    reached, waiting = set(), {(dg.AssetKey("finetune_results"), "expectancy_net")}
    while waiting:
        reached |= waiting
        waiting = {one for column in waiting for one in deps.get(column, ())} - reached
    assert {name for asset, name in reached if asset == dg.AssetKey("candles")} == columns[
        dg.AssetKey("candles")
    ]


def test_the_results_asset_shows_its_rows_and_its_sweep_and_where_its_numbers_come_from(home: Home):
    sweep = small_sweep(cryptos="OPUSDC", design="single", factors="label_smoothing=mild,cleanlab=reweight")
    result = materialise(sweep, home, "OPUSDC")
    assert result.success
    (event,) = result.asset_materializations_for_node("finetune_results")
    assert event.metadata["sweep_id"].value == sweep.sweep_id
    assert event.metadata["dagster/row_count"].value == 2
    assert isinstance(event.metadata["seconds"].value, float)
    assert "f1_buy" not in event.metadata, "plots are of the baseline, which this sweep does not have"
    assert_every_number_leads_back_to_the_candles(result)
    models = result.output_for_node("trained_models")
    assert isinstance(models, TrainedModels)


def test_a_run_bins_equal_rows_once(home: Home, monkeypatch: pytest.MonkeyPatch):
    binned: list[bytes] = []
    monkeypatch.setattr(
        boosting,
        "bin_features",
        lambda X, *how: binned.append(X.tobytes()) or bin_features(X, *how),
    )
    sweep = small_sweep(workers=1, factors="label_smoothing=mild,cleanlab=reweight")
    assert materialise(sweep, home, "OPUSDC").success
    # Two folds of the fit part and five out-of-fold blocks. The fit part serves two assets: the baseline's,
    # and that of the models, with its second seed and both levels. The steps of a run share what they have.
    assert len(binned) == len(set(binned)) == 2 * (1 + 5)


def test_a_sweep_that_was_run_from_the_command_line_is_listed_under_its_job(home: Home):
    sweep = small_sweep(cryptos="OPUSDC", n_folds=1)
    done = run_sweep(sweep, home, on_fit=lambda event: None)
    with open_instance(home) as instance:
        run = instance.get_run_by_id(done.run_ids["OPUSDC"])
        assert run is not None
        assert run.job_name == SWEEP_JOB
        assert run.tags[".dagster/repository"] == f"__repository__@{LOCATION}"
        assert run.tags["ftf/sweep_id"] == sweep.sweep_id
        assert run.tags["dagster/partition"] == "OPUSDC|market"
    settings = ResultsStore(home).sweeps().set_index("sweep_id")["settings"]
    assert '"n_folds":1' in settings[sweep.sweep_id]


def test_the_temporal_cleaner_learns_from_the_graphs_candles_and_says_what_it_estimates(home: Home):
    cleaners = ("filter_temporal", "reweight_temporal", "filter_temporal_random", "filter_temporal_lowest_p")
    sweep = small_sweep(factors="cleanlab=off," + ",".join(cleaners))
    result = materialise(sweep, home, "OPUSDC")
    assert result.success
    (masks,) = (
        event.materialization.metadata["masks"].value
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey("cleanlab_masks")
    )
    assert {record.data["cleaner"] for record in masks.records} == set(cleaners)
    for record in masks.records:
        # The market makes a tenth of its labels wrong.
        assert 0.02 < record.data["estimated noise rate"] < 0.20
        assert record.data["weight of features"] in (0.0, 0.25, 0.5, 1.0)
    suspects = ResultsStore(home).suspects(sweep.sweep_id)
    counts = suspects.groupby(["cleaner", "fold", "label"]).size().unstack("cleaner")
    assert set(counts.columns) == set(cleaners)
    assert (counts.nunique(axis=1) == 1).all(), "every control has the counts of its cleaner"
