"""Security: no file can bring code, no name leaves its place, no value becomes SQL or HTML."""

from __future__ import annotations

import ast
import gzip
import io
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import ftf_assets
from ftf_assets.contracts.bundles import SmoothedLabels
from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.sources.candles.source import CandleFileSource
from ftf_assets.sources.features.source import FeatureFileSource
from ftf_assets.storage.artifacts import read_artifact, write_artifact
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.fit_store import fit_store
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_schema import tables
from ftf_assets.training.boosting import FitResult
from ftf_assets_tests.support.candle_bars import bars_of, zipped
from ftf_assets_tests.support.planted import plant_pack
from ftf_assets_tests.support.production import feature_cache

ROOT = Path(__file__).parents[1]
MODULES = sorted(Path(ftf_assets.__file__).parent.rglob("*.py"))


class Payload:
    """An object whose unpickling leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple:
        return (Path.touch, (self.trace,))


def test_the_payload_would_run_where_a_pickle_is_loaded(tmp_path: Path):
    pickle.loads(pickle.dumps(Payload(tmp_path / "trace")))
    assert (tmp_path / "trace").exists()


# --- no file brings code --------------------------------------------------------------------------------


def object_array(payload: Payload) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([payload, payload], dtype=object), allow_pickle=True)
    return buffer.getvalue()


def archive_of_objects(payload: Payload) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, planted=np.array([payload], dtype=object))
    return buffer.getvalue()


def extension_table(payload: Payload) -> bytes:
    """A Parquet file whose column type claims to be a pickled class, as Arrow before 14.0.1 loaded it."""
    metadata = {
        "ARROW:extension:name": "arrow.py_extension_type",
        "ARROW:extension:metadata": pickle.dumps(payload),
    }
    column = pa.field("levels", pa.float64(), metadata=metadata)
    buffer = io.BytesIO()
    pq.write_table(pa.table([[0.5]], schema=pa.schema([column])), buffer)
    return buffer.getvalue()


def array_of(dtype: str) -> dict[str, Any]:
    return {"packed": "array", "at": 0, "dtype": dtype, "shape": [2]}


def part(kind: str) -> dict[str, Any]:
    return {"packed": kind, "at": 0, "n_bytes": 1 << 20}


PLANTED = [
    (object_array, array_of("|O")),
    (object_array, array_of("O")),
    (object_array, array_of("<i4,O")),
    (object_array, part("array")),
    (pickle.dumps, part("frame")),
    (pickle.dumps, part("pickle")),
    (pickle.dumps, part("bytes")),
    (extension_table, part("frame")),
]


@pytest.mark.parametrize(
    ("make", "place"), PLANTED, ids=[f"{make.__name__}-{place}" for make, place in PLANTED]
)
def test_a_planted_pack_with_its_right_checksum_is_refused_and_runs_nothing(
    tmp_path: Path, make, place: dict[str, Any]
):
    write_artifact(BlobFolder.of_path(tmp_path / "labels"), SmoothedLabels({"none": np.ones(10, np.float32)}))
    plant_pack(tmp_path / "labels", make(Payload(tmp_path / "trace")), place)
    with pytest.raises(StoreError, match="Materialise it again"):
        read_artifact(BlobFolder.of_path(tmp_path / "labels"), SmoothedLabels)
    assert not (tmp_path / "trace").exists()


def test_a_feature_cache_with_an_extension_type_is_refused_and_runs_nothing(tmp_path: Path):
    table = pa.Table.from_pandas(feature_cache(2_000))
    metadata = {
        "ARROW:extension:name": "arrow.py_extension_type",
        "ARROW:extension:metadata": pickle.dumps(Payload(tmp_path / "trace")),
    }
    planted = table.schema.field("rsi_14").with_metadata(metadata)
    number = table.schema.get_field_index("rsi_14")
    pq.write_table(table.cast(table.schema.set(number, planted)), tmp_path / "OPUSDC.parquet")
    with pytest.raises(InputError, match=r"column 'rsi_14': extension types are refused"):
        FeatureFileSource(path=str(tmp_path)).span("OPUSDC")
    assert not (tmp_path / "trace").exists()


def planted_candles(payload: Payload) -> pa.Table:
    table = pa.Table.from_pandas(bars_of().named())
    metadata = {
        "ARROW:extension:name": "arrow.py_extension_type",
        "ARROW:extension:metadata": pickle.dumps(payload),
    }
    number = table.schema.get_field_index("volume")
    return table.cast(table.schema.set(number, table.schema.field("volume").with_metadata(metadata)))


CANDLES = [
    (lambda payload: as_parquet(planted_candles(payload)), "extension types are refused"),
    (lambda payload: as_arrow(planted_candles(payload), pa.ipc.new_file), "extension types are refused"),
    (lambda payload: as_arrow(planted_candles(payload), pa.ipc.new_stream), "extension types are refused"),
    (pickle.dumps, "pickles are refused"),
    (lambda payload: gzip.compress(pickle.dumps(payload)), "pickles are refused"),
    (lambda payload: zipped("../../OPUSDC.csv", pickle.dumps(payload)), "pickles are refused"),
    (object_array, "a NumPy array"),
]


def as_parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def as_arrow(table: pa.Table, open_writer) -> bytes:
    buffer = io.BytesIO()
    with open_writer(buffer, table.schema) as writer:
        writer.write_table(table)
    return buffer.getvalue()


@pytest.mark.parametrize("suffix", [".csv", ".feather"])
@pytest.mark.parametrize(("make", "words"), CANDLES, ids=range(len(CANDLES)))
def test_a_candle_file_brings_no_code_whatever_its_suffix(tmp_path: Path, make, words: str, suffix: str):
    folder = tmp_path / "below" / "candles"
    folder.mkdir(parents=True)
    (folder / f"OPUSDC_1h{suffix}").write_bytes(make(Payload(tmp_path / "trace")))
    with pytest.raises(InputError, match=words):
        CandleFileSource(path=str(folder)).candles("OPUSDC")
    assert sorted(path.name for path in tmp_path.rglob("*")) == [f"OPUSDC_1h{suffix}", "below", "candles"]


MALICIOUS_BOOSTERS = [
    b'{"learner": {"objective": {"name": "' + b"A" * 100_000,
    b"{L\x00\x00\x00\x00\x7f\xff\xff\xff\xff",
    pickle.dumps({"model": 1}),
]


@pytest.mark.parametrize("booster", MALICIOUS_BOOSTERS, ids=["JSON", "UBJSON", "pickle"])
def test_a_replaced_booster_is_found_by_its_checksum_and_never_given_to_xgboost(
    tmp_path: Path, booster: bytes
):
    store = fit_store(Home(tmp_path))
    store.put("0a1b2c3d4e5f6071", FitResult(b"{L\x00booster", 33, 0.2, {}))
    (file,) = tmp_path.glob("fits/*/*/*.pack")
    file.write_bytes(booster)
    assert store.get("0a1b2c3d4e5f6071") is None


#: What would run code that a file brings, or give a file's bytes to a parser that is not hardened.
FORBIDDEN_CALLS = {
    *("pickle.load", "pickle.loads", "cloudpickle.load", "joblib.load", "dill.load", "shelve.open"),
    *("pd.read_pickle", "marshal.loads", "eval", "exec", "yaml.load", "yaml.unsafe_load", "os.system"),
    *("np.fromfile", "booster.load_model", "pd.read_parquet", "pd.read_csv", "pd.read_hdf"),
    *(
        "pd.read_feather",
        "pd.read_json",
        "pd.read_excel",
        "pd.read_orc",
        "gzip.decompress",
        "zlib.decompress",
    ),
}


def calls_in(module: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(module.read_text("utf-8"))) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_no_module_calls_what_could_run_the_code_of_a_file(module: Path):
    for call in calls_in(module):
        name = ast.unparse(call.func)
        assert name not in FORBIDDEN_CALLS, f"line {call.lineno}: {name}"
        assert not name.endswith(".load_model"), f"line {call.lineno}: {name}"
        if name == "np.load":
            assert "allow_pickle=False" in ast.unparse(call), f"line {call.lineno}"
        assert "shell=True" not in ast.unparse(call), f"line {call.lineno}"


# --- no value becomes SQL ---------------------------------------------------------------------------------

SQL = re.compile(r"\s*(SELECT|INSERT|DELETE|UPDATE|CREATE|DROP|ALTER|COMMENT|ATTACH|COPY|PRAGMA|SET) ")
#: Its statements define tables by the contracts' names, which the next test checks.
SCHEMA = "results_schema.py"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_sql_is_written_out_and_its_values_are_parameters(module: Path):
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.JoinedStr) and module.name != SCHEMA:
            assert not SQL.match(ast.unparse(node)[2:]), f"line {node.lineno}: SQL in an f-string"
        if isinstance(node, ast.BinOp | ast.Call):
            built = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod)
            built = built or (isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".format"))
            assert not (built and SQL.match(ast.unparse(node)[1:])), f"line {node.lineno}: SQL put together"
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".execute", ".sql", ".query")):
            assert isinstance(node.args[0], ast.Constant | ast.Name), f"line {node.lineno}: SQL put together"


def test_the_names_in_the_schema_are_plain_words():
    for model, key in tables().values():
        schema = model.to_schema()
        for name in (schema.name, *schema.columns, *key):
            assert re.fullmatch(r"[a-z][a-z0-9_]*", name), name


# --- no page acts, no port is open, no dependency is another ---------------------------------------------


def test_the_report_escapes_by_default_and_marks_nothing_safe():
    templates = sorted((ROOT / "ftf_assets").rglob("*.j2"))
    assert len(templates) > 5
    for template in (file.read_text("utf-8") for file in templates):
        assert "|safe" not in template.replace(" ", "")
        assert "autoescape false" not in template
    for module in MODULES:
        for call in calls_in(module):
            if ast.unparse(call.func).endswith("Environment"):
                assert "autoescape=True" in ast.unparse(call)
            if ast.unparse(call.func) == "Markup":
                assert module.name == "svg.py", "only the serialiser's output is markup"


def test_every_locked_dependency_has_a_version_and_hashes_and_no_address():
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert "://" not in lock
    requirements = re.split(r"\n(?=\S)", lock.strip())
    assert len(requirements) > 50
    for requirement in requirements:
        assert re.match(r"[a-z0-9._-]+(\[[a-z0-9,._-]+\])?==\S+", requirement), requirement
        assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", requirement)) >= 1, requirement
    install = (ROOT / "Makefile").read_text("utf-8")
    assert "--require-hashes" in install


def test_a_name_shaped_like_sql_html_or_a_path_is_refused_by_the_store(tmp_path: Path):
    from ftf_assets.storage.results_store import ResultsStore
    from ftf_assets_tests.support.results_rows import partition, results_table

    store = ResultsStore(Home(tmp_path))
    store.write_partition(results_table(partition("OPUSDC", sweep_id="s")), "s", "OPUSDC")
    for name in ("a'; DROP TABLE finetune_results; --", "<script>alert(1)</script>", "../up", 'x" OR 1=1'):
        with pytest.raises(InputError, match="plain words"):
            store.write_partition(results_table(partition(name, sweep_id=name)), name, name)
        assert store.read(name, name).empty
        assert store.read("s", name).empty
    assert len(store.read()) == 25
