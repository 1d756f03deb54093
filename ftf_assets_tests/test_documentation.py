"""The documents are true: the columns, commands, flags, files and settings that they name exist."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import UnionType
from typing import Union, get_args, get_origin

import click
import dagster as dg
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from pydantic.fields import FieldInfo

from ftf_assets import __version__
from ftf_assets.audit.detectors import DETECTORS
from ftf_assets.audit.kinds import NOISE_KINDS
from ftf_assets.command.main import cli
from ftf_assets.command.setting_flags import SETTING_OF_FLAG
from ftf_assets.definitions import defs
from ftf_assets.gate.findings import Difference, Findings, LevelFinding, Ranking, Trading
from ftf_assets.gate.headline import headline
from ftf_assets.rows.factor_columns import finetune_results_contract
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.sweep.setting_text import setting_from_text, text_of_setting
from ftf_assets.sweep.settings import SETTINGS, SweepSettings, bounds_of, choices_of, sweep_settings
from ftf_assets.training.parameters import (
    DEFAULT_PARAMETERS,
    DEFAULT_SEARCH_SPACE,
    SEARCHABLE,
)
from ftf_assets_tests.support import feature_shapes

ROOT = Path(__file__).parents[1]
FOLDERS = (ROOT, ROOT / "ftf_assets", ROOT / "ftf_assets_tests")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")])


def test_every_column_of_the_results_is_documented_with_its_description():
    columns = finetune_results_contract().to_schema().columns
    expected = [f"| `{name}` | {column.description} |" for name, column in columns.items()]
    assert _table_rows("docs/columns.md") == expected


def test_every_setting_is_documented_with_its_default_its_bounds_and_its_description():
    # A row that differs is shown with what it should be: copy it into the page.
    assert _table_rows("docs/settings.md") == [_setting_row(name, field) for name, field in SETTINGS.items()]


@pytest.mark.parametrize("name", SETTINGS)
def test_the_documented_default_means_the_default_on_the_command_line(name: str):
    default = sweep_settings({}).by_name()[name]
    given = {name: setting_from_text(name, text_of_setting(name, SETTINGS[name].default))}
    assert sweep_settings(given).by_name()[name] == default


def test_the_settings_page_has_a_section_for_every_group():
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert re.findall(r"^## `(\w+)`", page, re.MULTILINE) == list(SweepSettings.model_fields)


def test_the_search_space_is_documented_as_it_is():
    page = (ROOT / "docs" / "tuning.md").read_text(encoding="utf-8")
    space = DEFAULT_SEARCH_SPACE
    assert set(space) == set(SEARCHABLE)
    for name, (low, high) in space.items():
        known = SEARCHABLE[name]
        scale = "whole numbers" if known.integer else "log" if known.log else "linear"
        assert f"| `{name}` | {DEFAULT_PARAMETERS[name]:g} | {low:g} | {high:g} | {scale} |" in page


def workflow(name: str) -> dict:
    return yaml.safe_load((ROOT / ".github/workflows" / name).read_text(encoding="utf-8"))


def test_the_workflow_runs_the_fast_part_on_every_python_that_is_supported_and_the_slow_part_on_one():
    jobs = workflow("ci.yml")["jobs"]
    assert jobs["fast"]["steps"][-1] == {"run": ".ci/run static fast"}
    assert jobs["fast"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert jobs["slow"]["steps"][-1] == {"run": ".ci/run slow"}
    assert "strategy" not in jobs["slow"]
    audited = jobs["audit"]["steps"][-1]["run"]
    assert "requirements.lock --require-hashes" in audited
    assert "--hash=sha256:" in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_every_night_the_faults_run_at_their_full_length_and_the_defects_are_planted():
    (job,) = workflow("nightly.yml")["jobs"].values()
    assert job["steps"][-1] == {"run": "make ${{ matrix.target }}"}
    assert job["strategy"]["matrix"]["target"] == ["faults", "mutants"]


def test_every_event_of_the_logs_is_documented():
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "ftf_assets").rglob("*.py"))
    logged = set(re.findall(r"[\"']event=([a-z_]+)(?:%s)? ", code)) - {"damaged_"}
    kinds = {"damaged_fit", "damaged_scores"}  # the name of the store is put in
    page = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?`) \|", page, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(rows))) == logged | kinds


def test_every_page_has_a_place_in_the_site():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    placed = set(re.findall(r"^(?:[\w ]+<)?([\w/]+)>?$", index, re.MULTILINE))
    pages = {path.relative_to(ROOT / "docs").with_suffix("").as_posix() for path in ROOT.glob("docs/*.md")}
    assert pages - {"index"} <= placed


def test_every_screenshot_is_shown_and_small():
    shown = {
        (document.parent / target).resolve()
        for document in DOCUMENTS
        for target in re.findall(r"!\[[^]]+\]\(([^)]+)\)", document.read_text(encoding="utf-8"))
    }
    pictures = {*ROOT.glob("docs/screenshots/*"), *ROOT.glob("docs/figures/*")}
    assert pictures == shown
    for picture in pictures:
        assert picture.stat().st_size < 300_000, picture.name


def test_the_first_screen_of_the_readme_shows_the_two_commands_a_picture_and_an_answer():
    first_screen = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:60]
    for shown in ("make sweep", "make test", "![", "The model ranks (AUC"):
        assert any(shown in line for line in first_screen), shown


#: A line of the README's table of levels: level, verdict, gain, interval, what could be seen, p, factor.
_LEVEL_LINE = re.compile(
    r"^ (?P<level>\w+) +(?P<verdict>[A-Z_]+)(?: \((?P<ground>harm|no gain)\))? +(?P<gain>[+−]\S+) +"
    r"(?P<low>[+−]\S+) to (?P<high>[+−]\S+) +(?P<visible>\S+) +(?:< )?[\d.]+ +(?P<factor>\w+) *$",
    re.MULTILINE,
)


def test_the_readme_shows_the_headline_that_its_numbers_give():
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    shown = " ".join(block.split("\n\n")[0].split())
    lines = [line.groupdict() for line in _LEVEL_LINE.finditer(block)]
    assert lines

    def number(pattern: str) -> float | None:
        found = re.search(pattern, shown)
        return float(found[1].replace("−", "-")) if found else None

    def difference(line: dict[str, str]) -> Difference:
        return Difference(
            "roc_auc", *(float(line[name].replace("−", "-")) for name in ("gain", "low", "high"))
        )

    levels = tuple(
        LevelFinding(
            *(line["factor"], line["level"], line["verdict"], "", difference(line)),
            harm=difference(line) if line["ground"] == "harm" else None,
        )
        for line in lines
    )
    auc, p, net = number(r"AUC (0\.\d+)"), number(r"p <? ?(0\.\d+)"), number(r"(\S+) bps a trade")
    assert auc is not None
    assert p is not None
    findings = Findings(
        *("roc_auc", 0.01, levels, Ranking("roc_auc", auc, 0.0 if "p < 0.001" in shown else p)),
        visible=max(float(line["visible"]) for line in lines),
        ceiling=number(r"at most (\S+)\."),
        trading=None if net is None else Trading((number(r"at the top (\S+) %") or 0) / 100, net),
    )
    assert headline(findings).text == shown


def test_every_kind_of_noise_and_every_detector_is_documented_as_it_is():
    page = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    for kind in NOISE_KINDS.values():
        assert f"| `{kind.name}` | {kind.description} |" in page
    for detector in DETECTORS.values():
        assert f"| `{detector.name}` | {detector.role} | {detector.description} |" in page


def test_the_published_results_of_the_gate_page_get_the_answer_that_it_prints(tmp_path: Path):
    page = (ROOT / "docs" / "gate.md").read_text(encoding="utf-8")
    (rows,) = re.findall(r"^    (crypto,cleanlab,.*\n(?:    .*\n)+)", page, re.MULTILINE)
    (answer,) = re.findall(r"```text\n(Whether cleaning.*?)```", page, re.DOTALL)
    file = tmp_path / "means.csv"
    file.write_text(rows.replace("    ", ""), encoding="utf-8")
    printed = CliRunner().invoke(cli, ["gate", "--results", str(file)])
    assert " ".join(answer.split()) in " ".join(printed.output.split())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_that_exist(document: Path):
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), target


def test_the_launchpad_takes_every_configuration_that_is_documented():
    job = defs.resolve_job_def("ftf_sweep")
    blocks = [
        block
        for document in DOCUMENTS
        for block in re.findall(r"```yaml\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    ]
    assert len(blocks) >= 2
    for block in blocks:
        dg.validate_run_config(job, yaml.safe_load(block))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_and_make_targets_that_are_named_exist(document: Path):
    text = document.read_text(encoding="utf-8")
    for named in re.findall(r"`([\w./-]+(?:/|\.(?:py|toml|yaml|j2|md)))`", text):
        if not named.startswith("../shared/"):  # real candles lie beside the repository, where there are any
            assert any((folder / named).exists() for folder in FOLDERS), named
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for target in re.findall(r"(?:^ +|`)make ([a-z][a-z-]*)\b", text, re.MULTILINE):
        assert target in targets, target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_flags_and_settings_exist(document: Path):
    text = document.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in re.findall(
        r"(?:^|[/` ])ftf ((?:check|sweep|plan|smoke|audit|results|ui|serve|gate|report|suspects)[^\n`#]*)",
        text,
        re.MULTILINE,
    ):
        name, *words = line.split()
        command = cli.commands[name.rstrip(",")]
        flags = {"--help", *(flag for parameter in command.params for flag in parameter.opts)}
        for word in words:
            if word.startswith("--") and isinstance(command, click.Command):
                assert word.rstrip(",") in flags, f"ftf {line}"
    for setting in re.findall(r"--set ([a-z][\w.]*)=", text):
        assert setting in SETTINGS


def test_the_workflow_of_the_ci_page_installs_this_version_and_runs_check_and_smoke():
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yml\n(.*?)```", page, re.DOTALL)
    workflow = yaml.safe_load(block)
    runs = [step["run"] for step in workflow["jobs"]["smoke"]["steps"] if "run" in step]
    assert f"/ftf_assets-{__version__}-py3-none-any.whl" in runs[0]
    assert [line.split()[:2] for line in runs[1:]] == [["ftf", "check"], ["ftf", "smoke"]]


@pytest.mark.parametrize(
    ("ours", "code", "said"),
    [(["filter"], 0, ""), (["filter", "mild", "gone"], 1, "mild: ABANDON; gone: not judged\n")],
)
def test_the_script_of_the_ci_page_fails_where_a_lock_is_gone(
    tmp_path: Path, ours: list[str], code: int, said: str
):
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    verdicts = [{"level": "filter", "verdict": "LOCK"}, {"level": "mild", "verdict": "ABANDON"}]
    file = tmp_path / "verdicts.json"
    file.write_text(json.dumps({"verdicts": verdicts}), encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", script, str(file), *ours], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (code, said)


def test_every_indicator_is_documented():
    page = (ROOT / "docs" / "own_features.md").read_text(encoding="utf-8")
    table = page.partition("## What a sweep makes of candles")[2]
    named = [
        name
        for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    ]
    made = list(MarketSource().feature_cache("OPUSDC", MarketSource().candles("OPUSDC").head(400))[0])
    assert sorted(named) == sorted(name for name in made if not name.startswith(("label", "regime")))
    assert f"[{len(named)} indicators]" in page


def test_every_wheel_that_a_page_names_is_this_version():
    for document in DOCUMENTS:
        named = re.findall(r"ftf_assets-([\d.]+)-py3", document.read_text(encoding="utf-8"))
        assert set(named) <= {__version__}, document.name


def test_the_data_page_shows_what_check_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "my" / "data").mkdir(parents=True)
    frame = MarketSource().candles("OPUSDC").head(3_500)
    frame = frame.assign(date=frame.index - pd.Timedelta(hours=1)).drop(frame.index[1_000:1_003])
    frame.to_csv(tmp_path / "my/data/OPUSDT_1h.csv", index=False)
    bad = frame.head(60).assign(close=["soon", *frame["close"][1:60]], volume=-1.0)
    bad.to_csv(tmp_path / "my/data/LDO_USDT-1h.csv", index=False)
    monkeypatch.chdir(tmp_path)
    printed = CliRunner().invoke(cli, ["check", "my/data"]).output.replace(str(tmp_path.resolve()), "")
    page = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```text\n(Candles in .*?)```", page, re.DOTALL)
    # Long lines are wrapped on the page.
    assert shown.split() == printed.replace("/my/data", "my/data").split()


def test_every_shape_of_feature_file_is_documented_with_the_words_of_its_refusal():
    # Where it differs, paste what documented() of ftf_assets_tests/support/feature_shapes.py prints.
    page = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    shown = page.partition("<!-- feature shapes -->\n")[2].partition("\n<!-- end -->")[0]
    assert shown.splitlines() == feature_shapes.documented().splitlines()


def _table_rows(document: str) -> list[str]:
    """The rows of a document's tables whose first cell is a name in code; the heads are left out."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.startswith("| `")]


def _setting_row(name: str, field: FieldInfo) -> str:
    flag = "".join(f"<br>`{flag}`" for flag, setting in SETTING_OF_FLAG.items() if setting == name)
    cells = (
        f"`{name}`{flag}",
        f"`{text_of_setting(name, field.default)}`",
        _allowed(field),
        str(field.description),
    )
    return f"| {' | '.join(cells)} |"


def _allowed(field: FieldInfo) -> str:
    """What a setting takes, in words; the bounds of a number with it."""
    union = get_origin(field.annotation) in (Union, UnionType)
    kinds = get_args(field.annotation) if union else (field.annotation,)
    words = {
        int: "integer",
        float: "number",
        str: "text",
        tuple: "list",
        dict: "map",
        bool: "`true`, `false`",
    }
    said = words[get_origin(kinds[0]) or kinds[0]] if not choices_of(field) else ""
    said += ", ".join(f"`{choice}`" for choice in choices_of(field))
    bounds = f" {bounds_of(field)}" if bounds_of(field) else ""
    return f"{said}{bounds}{', or `none`' if type(None) in kinds else ''}"
