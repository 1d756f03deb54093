"""Random and damaged bytes before every reader: out comes a value or an error of ours, nothing else."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftf_assets.contracts.bundles import FoldBaseline, Outcome, SmoothedLabels
from ftf_assets.contracts.errors import FtfError
from ftf_assets.gate.decide import decide
from ftf_assets.sources.candles.source import CandleFileSource
from ftf_assets.sources.features.source import FeatureFileSource
from ftf_assets.storage.artifacts import HEADER, read_artifact, write_artifact
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.fit_store import fit_store
from ftf_assets.storage.home import Home
from ftf_assets.storage.result_files import read_result_file
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.crypto_groups import read_crypto_groups
from ftf_assets.sweep.setting_text import setting_from_text
from ftf_assets.sweep.settings import SETTINGS, SweepSettings, stored_sweep_settings, sweep_settings
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.parameters import parse_search_space
from ftf_assets.training.variants import parse_factors
from ftf_assets_tests.faults.conftest import Figure
from ftf_assets_tests.faults.scale import scaled
from ftf_assets_tests.faults.test_malformed_input import bar_table, bars
from ftf_assets_tests.support.candle_bars import arrow_stream, packed, zipped
from ftf_assets_tests.support.gate_rows import sweep_rows
from ftf_assets_tests.support.planted import rewrite_header
from ftf_assets_tests.support.production import feature_cache
from ftf_assets_tests.support.results_rows import SWEEP, partition, results_table

FIT = FitResult(b"{L\x00booster", 33, 0.2, {"test": np.linspace(0, 1, 50)})
KEY = "0a1b2c3d4e5f6071"


def read_candles(file: Path) -> None:
    CandleFileSource(path=str(file.parent)).candles("OPUSDC")


def read_features(file: Path) -> None:
    FeatureFileSource(path=str(file.parent)).feature_cache("OPUSDC", pd.DataFrame())


def read_results(file: Path) -> None:
    published = read_result_file(file)
    decide(published.rows, published.baselines, sweep_id=published.sweep_id)


def read_groups(file: Path) -> None:
    read_crypto_groups(file)


def read_fit(file: Path) -> None:
    read_artifact(BlobFolder.of_path(file.parent), FitResult)


def in_parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def in_csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()


def in_feather(frame: pd.DataFrame, **options: str) -> bytes:
    buffer = io.BytesIO()
    frame.to_feather(buffer, **options)
    return buffer.getvalue()


GOOD_RESULTS = pd.DataFrame(sweep_rows(0.02))
GROUPS = b'defi_top5 = ["UNIUSDC", "OPUSDC"]\n'

#: Reader, the file's name, and a good content to damage.
READERS: list[tuple[Callable[[Path], None], str, Callable[[], bytes]]] = [
    (read_candles, "OPUSDC_1h.csv", lambda: bars().encode()),
    (read_candles, "OPUSDC_1h.parquet", lambda: in_parquet(bar_table())),
    (read_features, "OPUSDC.parquet", lambda: in_parquet(feature_cache(2_000).iloc[:60])),
    (read_features, "OPUSDC.csv", lambda: in_csv(feature_cache(2_000).iloc[:60].reset_index())),
    (read_results, "published.csv", lambda: in_csv(GOOD_RESULTS)),
    (read_results, "published.parquet", lambda: in_parquet(GOOD_RESULTS)),
    (read_groups, "crypto_groups.toml", lambda: GROUPS),
]
NAMES = [f"{reader.__name__} {name}" for reader, name, _ in READERS]

#: The other formats of candle files. Random bytes reach their readers through the first bytes of each.
MORE_CANDLES: list[tuple[Callable[[Path], None], str, Callable[[], bytes]]] = [
    (read_candles, "OPUSDC_1h.tsv", lambda: bars().replace(",", "\t").encode("utf-16")),
    (read_candles, "OPUSDC_1h.csv.gz", lambda: packed(bars())),
    (read_candles, "OPUSDC_1h.zip", lambda: zipped("OPUSDC_1h.csv", bars())),
    (read_candles, "OPUSDC_1h.json", lambda: bar_table().to_json(orient="columns").encode()),
    (read_candles, "OPUSDC_1h.jsonl", lambda: bar_table().to_json(orient="records", lines=True).encode()),
    (read_candles, "OPUSDC_1h.feather", lambda: in_feather(bar_table(), compression="uncompressed")),
    (read_candles, "OPUSDC_1h.ipc", lambda: in_feather(bar_table(), compression="zstd")),
    (read_candles, "OPUSDC_1h.arrow", lambda: arrow_stream(bar_table())),
]
DAMAGED = [*READERS, *MORE_CANDLES]


def said(call: Callable[[], object]) -> str:
    """What an error of ours says; "" where there was none. Any other error is the test's failure."""
    try:
        call()
    except FtfError as error:
        return str(error)
    return ""


def outcome(read: Callable[[Path], None], file: Path, content: bytes) -> str:
    """Read the content; "read" or "refused"."""
    file.write_bytes(content)
    message = said(lambda: read(file))
    assert message.isprintable(), ascii(message)
    return "refused" if message else "read"


def damaged(good: bytes, chance: random.Random) -> bytes:
    """Flip bits, cut, repeat, drop or overwrite a part: what disks, networks and editors do to files."""
    content = bytearray(good)
    for _ in range(chance.choice((1, 1, 1, 3, 10))):
        here = chance.randrange(len(content)) if content else 0
        there = min(len(content), here + chance.choice((1, 4, 64, 1024)))
        kind = chance.choice(("flip", "flip", "cut", "drop", "repeat", "overwrite", "zero"))
        if not content:
            break
        if kind == "flip":
            content[here] ^= 1 << chance.randrange(8)
        elif kind == "cut":
            del content[here:]
        elif kind == "drop":
            del content[here:there]
        elif kind == "repeat":
            content[here:here] = content[here:there]
        elif kind == "overwrite":
            content[here:there] = chance.randbytes(there - here)
        else:
            content[here:there] = bytes(there - here)
    return bytes(content)


@pytest.mark.faults
@pytest.mark.parametrize(
    ("read", "name", "make"), DAMAGED, ids=[f"{one[0].__name__} {one[1]}" for one in DAMAGED]
)
def test_a_damaged_file_is_read_or_refused_by_an_error_of_ours(
    tmp_path: Path, figure: Figure, read: Callable[[Path], None], name: str, make: Callable[[], bytes]
):
    chance, good = random.Random(name), make()
    assert (
        outcome(read, tmp_path / name, good) == "read" or read is read_candles
    )  # too few bars is later's rule
    n_files = scaled(150, 2_000)
    ends = [outcome(read, tmp_path / name, damaged(good, chance)) for _ in range(n_files)]
    figure(f"{n_files} damaged files, {ends.count('refused')} refused, no other error")


@pytest.mark.parametrize(("read", "name", "make"), READERS, ids=NAMES)
@given(
    content=st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_are_refused_by_an_error_of_ours(tmp_path: Path, read, name: str, make, content: bytes):
    outcome(read, tmp_path / name, content)


#: First bytes of each kind of content.
BEGINNINGS = [
    *(
        b"PAR1",
        b"ARROW1\0\0",
        b"\xff\xff\xff\xff",
        b"\x1f\x8b\x08\0",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"\xff\xfe",
    ),
    *(
        b"[[",
        b"[{",
        b'{"',
        b'{"a":1}\n',
        b"{}\n{}\n[",
        b"a,b\n",
        b"a;b\n1;2\n",
        b"sep=,\n",
        b"# ",
        b"\xef\xbb\xbf[",
    ),
]


@given(
    beginning=st.sampled_from(BEGINNINGS),
    content=st.binary(max_size=200) | st.text('[]{}:,;"\n0123.eE-+ ', max_size=120).map(str.encode),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_of_every_kind_are_refused_by_an_error_of_ours(tmp_path: Path, beginning, content):
    outcome(read_candles, tmp_path / "OPUSDC_1h.csv", beginning + content)


@given(value=st.deferred(lambda: JSON))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_is_refused_by_an_error_of_ours(tmp_path: Path, value):
    outcome(read_candles, tmp_path / "OPUSDC_1h.json", json.dumps(value).encode())


@pytest.mark.faults
def test_every_damage_of_an_artifact_is_found_by_its_checksums(tmp_path: Path, figure: Figure):
    chance = random.Random(7)
    write_artifact(BlobFolder.of_path(tmp_path / "fit"), FIT)
    files = {file: file.read_bytes() for file in (tmp_path / "fit").iterdir()}
    n_files = scaled(300, 5_000)
    for _ in range(n_files):
        victim = chance.choice(list(files))
        harmed = damaged(files[victim], chance)
        victim.write_bytes(harmed)
        if harmed == files[victim]:
            continue
        if victim.name == HEADER and same_json(harmed, files[victim]):
            continue
        with pytest.raises(FtfError, match="again"):
            read_artifact(BlobFolder.of_path(tmp_path / "fit"), FitResult)
        victim.write_bytes(files[victim])
    figure(f"{n_files} damaged artifacts, all found")


def same_json(one: bytes, other: bytes) -> bool:
    """Whether a damage left the meaning: white space, or an escape of the same character."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
#: Where in the pack something lies, or so it says.
PLACE = st.fixed_dictionaries(
    {
        "packed": st.sampled_from(["array", "frame", "bytes"]) | JSON,
        "at": st.integers() | JSON,
        "n_bytes": st.integers() | JSON,
        "dtype": st.sampled_from(["<f4", "|O", "|b1", "<U0", "<M8[ns]"]) | JSON,
        "shape": st.lists(st.integers(), max_size=3) | JSON,
    }
)


@pytest.mark.parametrize("kind", [SmoothedLabels, FitResult, FoldBaseline, Outcome, pd.DataFrame])
@given(value=JSON | PLACE | st.fixed_dictionaries({"levels": JSON | PLACE}))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_planted_header_of_any_json_is_read_or_refused_by_an_error_of_ours(tmp_path: Path, kind, value):
    write_artifact(BlobFolder.of_path(tmp_path / "planted"), SmoothedLabels({"none": np.ones(5, np.float32)}))
    rewrite_header(tmp_path / "planted", lambda header: header | {"type": kind.__name__, "value": value})
    message = said(lambda: read_artifact(BlobFolder.of_path(tmp_path / "planted"), kind))
    assert not message or "again" in message


@given(content=st.binary(max_size=400))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_header_of_random_bytes_counts_as_no_fit(tmp_path: Path, content: bytes):
    store = fit_store(Home(tmp_path))
    store.put(KEY, FIT)
    (header,) = tmp_path.glob(f"fits/*/*/{HEADER}")
    header.write_bytes(content)
    assert store.get(KEY) is None


@pytest.mark.faults
def test_damaged_result_objects_are_read_or_refused_by_an_error_of_ours(tmp_path: Path, figure: Figure):
    store = ResultsStore(Home(tmp_path))
    store.write_partition(results_table(partition()), SWEEP, "OPUSDC")
    (file,) = (tmp_path / "results").rglob("*.zip")
    chance, good = random.Random(3), file.read_bytes()
    n_files, ends = scaled(20, 300), []
    for number in range(n_files):
        # Under a name of its own: what was read once is not read again.
        file = file.rename(file.with_name(f"{number + 2:08d}.zip"))
        ends.append(outcome(lambda _: len(store.read()), file, damaged(good, chance)))
    figure(f"{n_files} damaged result objects, {ends.count('refused')} refused, no other error")


TEXT = st.text(max_size=40) | st.from_regex(r"[a-z_]+=[a-z_,=.:0-9-]*", fullmatch=True)


@pytest.mark.parametrize("parse", [parse_factors, parse_search_space])
@given(text=TEXT)
def test_any_text_as_a_setting_is_read_or_refused_by_an_error_of_ours(parse, text: str):
    assert said(lambda: parse(text)).isprintable()


@given(name=st.sampled_from(sorted(SETTINGS)), text=TEXT)
def test_any_text_of_a_setting_is_taken_or_refused_by_an_error_of_ours(name: str, text: str):
    assert said(lambda: sweep_settings({name: setting_from_text(name, text)})).isprintable()


@given(
    values=st.dictionaries(
        st.sampled_from(sorted([*SETTINGS, *SweepSettings.model_fields])), JSON, max_size=3
    )
)
def test_any_value_of_a_setting_is_taken_or_refused_by_an_error_of_ours(values):
    assert said(lambda: sweep_settings(values)).isprintable()


@given(text=st.text(max_size=60) | JSON.map(json.dumps))
def test_any_stored_settings_are_read_or_refused_by_an_error_of_ours(text: str):
    message = said(lambda: stored_sweep_settings("ftf_0123456789ab", text))
    assert not message or "ftf_0123456789ab" in message
