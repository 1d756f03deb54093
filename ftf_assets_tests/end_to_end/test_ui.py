"""The first hour in the Dagster UI, in a real browser: from the graph to a verdict, and a bad file mended."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import dagster as dg
import pandas as pd
import pytest

from ftf_assets.definitions import defs
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.storage.home import Home
from ftf_assets.sweep.crypto_groups import all_cryptos

pytest.importorskip("playwright", reason="the package playwright is not installed")

from playwright.sync_api import Browser, sync_playwright

from ftf_assets_tests.end_to_end.newcomer import PATIENCE, SCREENSHOTS, Newcomer, served

pytestmark = [pytest.mark.end_to_end, pytest.mark.first]

logger = logging.getLogger(__name__)

#: Assets in the design's order: each column of the graph stands to the right of those before it.
FLOW = [
    ["candles"],
    ["feature_cache"],
    ["coerced_arrays"],
    ["smoothed_labels"],
    ["cleanlab_masks"],
    ["trained_models"],
    ["finetune_results"],
    ["gate_decision"],
    ["sweep_report"],
]


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def candles(tmp_path: Path) -> Path:
    folder = tmp_path / "candles"
    folder.mkdir()
    for crypto in all_cryptos():
        frame = MarketSource().candles(crypto).head(3_500)
        frame = frame.assign(date=frame.index - pd.Timedelta(hours=1))
        frame.to_csv(folder / f"{crypto.removesuffix('USDC')}USDT_1h.csv", index=False)
    return folder


def test_a_newcomers_first_hour(home: Home, candles: Path, browser: Browser):
    n_folds = 2 if os.environ.get(SCREENSHOTS) else 1
    settings = (
        f"data: {{source: candles, path: {candles}}}, folds: {{n_folds: {n_folds}}}, "
        "training: {trials: 0, max_rounds: 40, patience: 10, seeds: 1}"
    )
    configuration = f"resources: {{sweep: {{config: {{{settings}}}}}}}"
    page = browser.new_page(viewport={"width": 1280, "height": 850})
    page.set_default_timeout(PATIENCE * 1000)
    asked: set[str] = set()
    errors: list[str] = []
    page.context.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    with served(home.path) as ui:
        someone = Newcomer(page, ui)
        reads_the_graph(someone)
        reads_what_jobs_and_automation_need(someone)
        materialises_one_crypto(someone, configuration)
        backfills_all_of_them(someone, configuration)
        plots_the_numbers(someone)
        follows_a_column_to_its_sources_and_its_code(someone)
        finds_verdict_and_report(someone)
        reads_the_answer_whole_and_plots_the_gains_by_keyboard(someone)
        finds_and_mends_a_broken_file(someone, home, configuration, candles / "OPUSDT_1h.csv")
    assert asked <= {urlsplit(ui.address).netloc, urlsplit(ui.reports).netloc, ""}, (
        "nothing but this machine is asked for anything"
    )
    assert errors == [], "a console without an error"


def reads_the_graph(someone: Newcomer) -> None:
    someone.go("/asset-groups")
    someone.unfolds_the_graph()
    at = someone.graph_positions([asset for column in FLOW for asset in column])
    from_the_left = [max(at[asset] for asset in column) for column in FLOW]
    assert from_the_left == sorted(from_the_left), at
    every_asset = {key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys()}
    assert someone.graph_positions(sorted(every_asset)).keys() == every_asset, "each name fits its box"
    everything = someone.page.inner_text("body").lower()
    for unwanted in ("slack", "newsletter", "join the community", "your email"):
        assert unwanted not in everything
    said = defs.resolve_asset_graph().get(dg.AssetKey("cleanlab_masks")).description
    someone.go("/assets/cleanlab_masks")
    someone.sees("quant-research", "treatment", str(said).split(",")[0][:50])


def reads_what_jobs_and_automation_need(someone: Newcomer) -> None:
    someone.go("/locations/ftf_assets.definitions/jobs/ftf_sweep")
    someone.sees(
        "A whole sweep is a run for each of its cryptos", "The embedded market", "Candle files of your own"
    )
    someone.shoots("job")
    someone.go("/locations/ftf_assets.definitions/sensors/input_files")
    someone.sees("It needs a sweep of this home that read files")
    someone.go("/locations/ftf_assets.definitions/schedules/weekly_sweep")
    someone.sees("It needs a sweep of this home that compares variants")


def launches_one_crypto(someone: Newcomer, configuration: str) -> None:
    someone.opens_the_launchpad_of("ftf_sweep")
    someone.sets(configuration)
    someone.page.get_by_placeholder("Partition").click()
    someone.chooses("OPUSDC|candles")
    someone.shoots("launchpad")
    someone.launches("ftf_sweep")


def materialises_one_crypto(someone: Newcomer, configuration: str) -> None:
    launches_one_crypto(someone, configuration)
    (run,) = someone.ui.wait_for_runs("ftf_sweep", 1)
    assert run["status"] == "SUCCESS"
    starts = {step["stepKey"]: step["startTime"] for step in run["stepStats"]}
    seconds = starts["fold_baselines"] - run["creationTime"]
    logger.info("event=launched seconds_to_first_fit=%.1f", seconds)  # shown with --log-cli-level=INFO


def backfills_all_of_them(someone: Newcomer, configuration: str) -> None:
    someone.go("/locations/ftf_assets.definitions/jobs/ftf_sweep")
    someone.clicks("Materialize all", exact=False)
    someone.selects_all("crypto", 5)
    someone.page.get_by_text("Select a partition").filter(visible=True).last.click()
    someone.page.get_by_text("candles", exact=True).filter(visible=True).last.click()
    someone.page.keyboard.press("Escape")
    someone.sees("5 partitions")
    # The last of the page, because the dialog is: the description of the job behind it names Config, too.
    someone.page.get_by_text("Config", exact=True).filter(visible=True).last.click()
    someone.clicks("Add config")
    someone.sets(configuration)
    someone.clicks("Save config")
    someone.sees("Config saved")
    someone.page.get_by_role("button", name="Launch backfill").click()
    someone.sees("Created backfill")
    runs = someone.ui.wait_for_runs("ftf_sweep", 6)[:5]
    assert {run["status"] for run in runs} == {"SUCCESS"}
    assert max(run["startTime"] for run in runs) < min(run["endTime"] for run in runs), "side by side"
    someone.go("/assets/finetune_results?view=partitions&partition=OPUSDC%7Ccandles")
    someone.sees("Materialized (5)", "f1_always_buy", "baseline", "reweight")
    someone.shoots("results")
    someone.go("/assets/finetune_results?view=checks")
    someone.sees("Checks (5)", "calibration_on_hard_labels", "The calibration error is plausible")
    someone.page.wait_for_function("document.body.innerText.split('Succeeded').length - 1 >= 5")
    someone.shoots("checks")


def plots_the_numbers(someone: Newcomer) -> None:
    someone.go("/assets/finetune_results?view=overview")
    someone.clicks("Plots")
    someone.sees("f1_buy", "f1_buy_gain", "average_precision", "average_precision_gain", "roc_auc")
    someone.sees("expectancy_net", "seconds")
    someone.page.locator("canvas").first.scroll_into_view_if_needed()
    someone.shoots("plots")
    someone.page.get_by_role("button", name="Events").click()
    someone.sees("f1_buy", "expectancy_net", "seconds")
    for asset, number in (
        ("candles", "gaps"),
        ("feature_cache", "rows"),
        ("cleanlab_masks", "suspect_share"),
    ):
        someone.go(f"/assets/{asset}?view=overview")
        someone.clicks("Plots")
        someone.sees(number)


def follows_a_column_to_its_sources_and_its_code(someone: Newcomer) -> None:
    someone.go("/assets/finetune_results?view=overview")
    someone.sees("From trained_models; coerced_arrays: y.", "From cleanlab_masks.")
    someone.sees("Source code", "finetune_results.py", "Freshness policy", "Passing")
    someone.go("/assets/feature_cache?view=overview")
    someone.sees("From candles: close.", "From candles: high, low, close.")
    someone.go("/assets/coerced_arrays?view=overview")
    someone.sees("1 = BUY, 0 = HOLD. From feature_cache: label.")
    someone.shoots("columns")


def finds_verdict_and_report(someone: Newcomer) -> None:
    (decided,) = someone.ui.wait_for_runs("ftf_decide", 1)
    assert decided["status"] == "SUCCESS"
    tags = {tag["key"]: tag["value"] for tag in decided["tags"]}
    assert tags["dagster/sensor_name"] == "gate_when_landed"
    someone.go("/assets/gate_decision?view=events")
    someone.sees("answer", "aggressive", "gain (p)")
    someone.shoots("verdict")
    someone.unfolds_the_graph()
    someone.shoots("graph")
    opens_the_report(someone, tags["ftf/sweep_id"])


def reads_the_answer_whole_and_plots_the_gains_by_keyboard(someone: Newcomer) -> None:
    someone.go("/assets/gate_decision?view=overview")
    someone.sees("answer", "gain (p)")
    assert someone.sideways() == 0, "nothing beside the answer pushes it out of the page"
    drawn = someone.page.get_by_alt_text("gains, 95 %")
    drawn.scroll_into_view_if_needed()
    assert drawn.evaluate("image => image.complete && image.naturalWidth") == 300
    someone.shoots("answer")
    someone.presses("Plots")
    someone.sees("gain_reweight", "p_reweight", "signal_p", "net_bps")


def opens_the_report(someone: Newcomer, sweep_id: str) -> None:
    someone.go("/assets/sweep_report?view=events")
    with someone.page.expect_popup() as opened:
        someone.page.get_by_role("link", name=f"{sweep_id}.html").first.click()
    report = opened.value
    report.get_by_role("heading", level=1).wait_for()
    assert report.url == f"{someone.ui.reports}/reports/{sweep_id}.html"
    with report.expect_download() as saved:
        report.locator("a.csv").first.click()
    assert saved.value.path().read_text(encoding="utf-8").count("\n") > 1, "a table under the page's policy"
    report.goto(f"{someone.ui.reports}/reports/")
    report.get_by_role("link", name=sweep_id).click()
    report.get_by_role("heading", level=1).wait_for()
    report.close()
    someone.go("/assets/sweep_report?view=overview")
    someone.sees(f"{someone.ui.reports}/reports/")


def finds_and_mends_a_broken_file(someone: Newcomer, home: Home, configuration: str, file: Path) -> None:
    good = file.read_text(encoding="utf-8")
    lines = good.splitlines()
    lines[99] = "n/a" + lines[99][lines[99].index(",") :]
    file.write_text("\n".join(lines), encoding="utf-8")
    fits = len(list((home.path / "fits").glob("*/*/header.json")))
    launches_one_crypto(someone, configuration)
    failed = someone.ui.wait_for_runs("ftf_sweep", 7)[0]
    assert failed["status"] == "FAILURE"

    someone.go(f"/runs/{failed['runId']}")
    someone.sees("Failure")
    said = someone.ui.failure(failed["runId"])
    for part in ("OPUSDC", "OPUSDT_1h.csv", "row 100", "n/a"):
        assert part in said, said

    file.write_text(good, encoding="utf-8")
    launches_one_crypto(someone, configuration)
    mended = someone.ui.wait_for_runs("ftf_sweep", 8)[0]
    assert mended["status"] == "SUCCESS"
    assert len(list((home.path / "fits").glob("*/*/header.json"))) == fits, "every fit was reused"
