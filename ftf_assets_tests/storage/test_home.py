"""The home: every path that it gives lies inside of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.storage.home import Home

LEADING_OUT = ["../../x", "..", "", "a/b", "a\\b", "OP USDC", "OP\x00", "a'; drop table", "x" * 65, "\u041eP"]


@pytest.mark.parametrize("name", LEADING_OUT, ids=ascii)
def test_a_name_that_could_lead_out_of_the_home_is_refused(tmp_path: Path, name: str):
    home = Home(tmp_path)
    for path in (
        lambda: home.report(name),
        lambda: home.artifact(name, "OPUSDC", "ab12"),
        lambda: home.artifact("candles", name, "ab12"),
        lambda: home.artifact("candles", "OPUSDC", name),
    ):
        with pytest.raises(InputError, match="a name in a path must be one plain word"):
            path()


def test_plain_words_make_paths_inside_the_home(tmp_path: Path):
    home = Home(tmp_path)
    assert home.artifact("candles", "OPUSDC", "ab12").name == "artifacts/candles/OPUSDC/ab12"
    assert home.report("ftf_0123456789ab") == tmp_path / "reports" / "ftf_0123456789ab.html"
