"""The links from an asset's page to its code: the clone's file, or the deployment's host."""

from __future__ import annotations

import inspect
from pathlib import Path

import dagster as dg
import pytest

from ftf_assets.assets.candles import candles
from ftf_assets.assets.sweep_report import sweep_report
from ftf_assets.graph import code_links
from ftf_assets.graph.code_links import GIT_BRANCH, GIT_URL, with_code_links

ASSETS = [candles, sweep_report]


@pytest.fixture(autouse=True)
def _no_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(GIT_URL, raising=False)
    monkeypatch.delenv(GIT_BRANCH, raising=False)


def linked() -> list[dg.CodeReferencesMetadataValue]:
    return [one.metadata_by_key[one.key].get("dagster/code_references") for one in with_code_links(ASSETS)]


def test_in_a_clone_a_link_names_the_file_and_the_line_of_the_function():
    for asset, found in zip(ASSETS, linked(), strict=True):
        (place,) = found.code_references
        lines = Path(place.file_path).read_text(encoding="utf-8").splitlines()[place.line_number - 1 :]
        name = asset.key.to_user_string()
        assert Path(place.file_path).name == f"{name}.py"
        assert lines[0].startswith("@"), "the decorator belongs to what is shown"
        assert any(line.startswith(f"def {name}(") for line in lines[:20])


@pytest.mark.parametrize(
    ("url", "branch", "link"),
    [
        (
            "https://github.com/team/ftf",
            "9a77e2",
            "https://github.com/team/ftf/tree/9a77e2/ftf_assets/assets/",
        ),
        ("https://github.com/team/ftf.git", "", "https://github.com/team/ftf/tree/main/ftf_assets/assets/"),
        (
            "https://x-access-token:opensesame@github.com/team/ftf.git",
            "dev",
            "https://github.com/team/ftf/tree/dev/ftf_assets/assets/",
        ),
        ("https://gitlab.team.org/ftf", "dev", "https://gitlab.team.org/ftf/-/tree/dev/ftf_assets/assets/"),
    ],
)
def test_a_deployment_links_to_the_host_of_its_code(
    url: str, branch: str, link: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(GIT_URL, url)
    monkeypatch.setenv(GIT_BRANCH, branch)
    for asset, found in zip(ASSETS, linked(), strict=True):
        (place,) = found.code_references
        line = inspect.unwrap(asset.op.compute_fn.decorated_fn).__code__.co_firstlineno
        assert place.url == f"{link}{asset.key.to_user_string()}.py#L{line}"


@pytest.mark.parametrize("url", ["", "https://git.team.org/ftf"])
def test_an_installed_package_without_a_host_that_dagster_knows_has_no_links(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(code_links, "_PACKAGE", tmp_path / "site-packages" / "ftf_assets")
    monkeypatch.setenv(GIT_URL, url)
    assert linked() == [None, None]
