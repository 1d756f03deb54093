"""How well wrong labels are found by their neighbours in time, beside cleanlab and rules without a model.

Known flips are put into the labels of each crypto (the audit's kinds of noise, and bursts of three fixed
lengths that no parameter knows), models are fitted out of fold on the flipped labels, and every detector
ranks the rows. On the embedded market its own wrong labels are looked for as well. Prints average precision
over all rows, the lift over the share of wrong labels within each observed class, and the estimated noise
rate: means over draws, ± the standard error of that mean. "best window" is the rolling mean of labels whose
window, of four, is the best in hindsight for that kind and crypto: no one can run it, everyone must be
measured against it.

    python -m benchmarks.temporal_noise --source candles --path ../shared/data/candles_1h
    python -m benchmarks.temporal_noise --tried ...     # variants of the model instead of other detectors
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from sklearn.model_selection import StratifiedKFold

from ftf_assets.audit.kinds import NOISE_KINDS
from ftf_assets.audit.noise import AuditLabels, KnownTruth, NoiseKind, NoisyLabels, flip, n_flips
from ftf_assets.audit.ranking import average_precision, rank
from ftf_assets.contracts.arrays import CandleArrays, TrainingArrays
from ftf_assets.contracts.coercion import coerce_candles, coerce_feature_cache
from ftf_assets.labels.cleaning.confident_learning import flag_label_issues, label_quality
from ftf_assets.labels.cleaning.label_chain import LabelChain, label_chain
from ftf_assets.labels.cleaning.temporal_noise import TEMPERS, temporal_noise
from ftf_assets.labels.triple_barrier import BarrierSettings
from ftf_assets.sources.candles.options import CandleOptions
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.sources.features.options import FeatureOptions
from ftf_assets.sources.source_registry import open_source
from ftf_assets.sweep.crypto_groups import all_cryptos
from ftf_assets.training.boosting import bin_features, fit_booster
from ftf_assets.training.folds.out_of_fold_blocks import out_of_fold_blocks
from ftf_assets.training.parameters import DEFAULT_PARAMETERS

ROUNDS, BLOCKS, EMBARGO_BARS = 30, 5, 24
KINDS = ("none", "independent", "bursts", "partial_bursts", "block_copy", "missed_buys")
BURST_LENGTHS = (8, 24, 72)
WINDOWS = (7, 13, 25, 49)


@dataclass(frozen=True)
class Crypto:
    """One crypto's rows, its candles and, on the embedded market, the truth."""

    name: str
    arrays: TrainingArrays
    candles: CandleArrays
    truth: KnownTruth | None


def fixed_bursts(length: int) -> NoiseKind:
    """Flip whole stretches of exactly ``length`` rows."""

    def inject(labels: AuditLabels, share: float, random: np.random.Generator) -> NoisyLabels:
        firsts = random.permutation(len(labels.y) // length)[: n_flips(len(labels.y), share) // length]
        rows = np.sort((firsts[:, None] * length + np.arange(length)).ravel())
        return flip(labels.y, rows, rows // length)

    return NoiseKind(f"bursts of {length}", f"Whole stretches of {length} rows are flipped.", inject)


def read(source: str, path: str | None) -> Iterator[Crypto]:
    """Open every crypto of the configured groups."""
    opened = open_source(
        source,
        path=path,
        label=BarrierSettings(),
        market_seed=2024,
        market_noise=0.10,
        market_edge=0.3,
        candles=CandleOptions(),
        features=FeatureOptions(),
    )
    for name in all_cryptos():
        candles = opened.candles(name)
        frame, _ = opened.feature_cache(name, candles)
        truth = None
        if isinstance(opened, MarketSource):
            known = opened.truth(name)
            truth = KnownTruth(known["true_label"].to_numpy(np.int8), known["in_burst"].to_numpy(np.bool_))
        arrays = coerce_feature_cache(frame, crypto=name)
        yield Crypto(name, arrays, coerce_candles(candles, crypto=name), truth)


def out_of_fold(arrays: TrainingArrays, y: np.ndarray, seed: int, workers: int) -> dict[str, np.ndarray]:
    """P(BUY) by purged time blocks and by cleanlab's default, shuffled folds."""
    rows = np.arange(len(y))
    embargo = EMBARGO_BARS * int(np.median(np.diff(arrays.start)))
    shuffled = StratifiedKFold(BLOCKS, shuffle=True, random_state=seed)
    cuts = {
        "time_blocks": [
            (block.train, block.held_out)
            for block in out_of_fold_blocks(arrays.start, arrays.end, rows, n_blocks=BLOCKS, embargo=embargo)
        ],
        "shuffled": list(shuffled.split(arrays.X, y)),
    }

    def predict(cut: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        train, held_out = cut
        parameters = dict(DEFAULT_PARAMETERS)
        fitted = fit_booster(
            bin_features(arrays.X[train], parameters),
            y[train].astype(np.float32),
            arrays.base_weight[train],
            parameters=parameters,
            rounds=ROUNDS,
            seed=seed,
        )
        return fitted.predict(arrays.X[held_out])

    found = {}
    with ThreadPoolExecutor(workers) as pool:
        for scheme, folds in cuts.items():
            found[scheme] = np.empty(len(y))
            for (_, held_out), probability in zip(folds, pool.map(predict, folds), strict=True):
                found[scheme][held_out] = probability
    return found


def rolling_mean(y: np.ndarray, window: int) -> np.ndarray:
    """Mean label of the rows around, the row in the middle."""
    around = np.ones(window)
    return np.convolve(y, around, mode="same") / np.convolve(np.ones(len(y)), around, mode="same")


def detect(crypto: Crypto, y: np.ndarray, seed: int, workers: int) -> Iterator[tuple[str, np.ndarray, dict]]:
    """Name each detector with its suspicion and what it says of itself."""
    arrays, bar = crypto.arrays, crypto.candles.bar
    chain = label_chain(crypto.candles, until=int(arrays.end[-1]), seed=seed)
    probability = out_of_fold(arrays, y, seed, workers)
    found = temporal_noise(y, probability["time_blocks"], arrays.start, chain, bar=bar)
    yield "temporal", found.error_probability, {"rate": found.noise_rate, "temper": found.temper}
    for name, scheme in (("cleanlab shuffled", "shuffled"), ("cleanlab time blocks", "time_blocks")):
        suspicion = 1.0 - label_quality(y, probability[scheme], "self_confidence")
        yield name, suspicion, {"rate": float(flag_label_issues(y, probability[scheme]).mean())}
    buy_rate = float(y.mean())
    yield "label only", y.astype(np.float64), {}
    yield "constant P", np.where(y == 1, 1.0 - buy_rate, buy_rate), {}
    for window in WINDOWS:
        yield f"rolling mean {window}", rolling_mean(y, window), {}


def try_variants(
    crypto: Crypto, y: np.ndarray, seed: int, workers: int
) -> Iterator[tuple[str, np.ndarray, dict]]:
    """Name each variant of the model with its suspicion; features weigh nothing unless they are forced to."""
    arrays, bar, until = crypto.arrays, crypto.candles.bar, int(crypto.arrays.end[-1])
    nothing = np.full(len(y), 0.5)
    chains = {
        "kept: order 2": label_chain(crypto.candles, until=until, seed=seed),
        "order 1": label_chain(crypto.candles, until=until, order=1, seed=seed),
        "order 3": label_chain(crypto.candles, until=until, order=3, seed=seed),
        "order 4": label_chain(crypto.candles, until=until, order=4, seed=seed),
        "blocks of 6 bars": label_chain(crypto.candles, until=until, block_bars=6, seed=seed),
        "blocks of 168 bars": label_chain(crypto.candles, until=until, block_bars=168, seed=seed),
        "chain of the noisy labels": chain_of(y),
    }
    for name, chain in chains.items():
        found = temporal_noise(y, nothing, arrays.start, chain, bar=bar, tempers=(0.0,))
        yield name, found.error_probability, {"rate": found.noise_rate}
    probability = out_of_fold(arrays, y, seed, workers)["time_blocks"]
    for temper in TEMPERS[1:]:
        found = temporal_noise(
            y, probability, arrays.start, chains["kept: order 2"], bar=bar, tempers=(temper,)
        )
        yield f"features always weigh {temper:g}", found.error_probability, {"rate": found.noise_rate}


def chain_of(y: np.ndarray) -> LabelChain:
    """Count the chain on the labels that are to be judged: what does not work."""
    history = y[:-2].astype(np.int64) * 2 + y[1:-1]
    counts = np.bincount(history * 2 + y[2:], minlength=8).reshape(4, 2) + 0.5
    return LabelChain(2, counts[:, 1] / counts.sum(axis=1), len(y))


def measure(noisy: NoisyLabels, suspicion: np.ndarray, said: dict) -> dict[str, float]:
    """Average precision over all rows, and its lift within each observed class."""
    measured = dict(said)
    for name, rows in (
        ("all", np.ones(len(suspicion), bool)),
        ("BUY", noisy.given == 1),
        ("HOLD", noisy.given == 0),
    ):
        wrong = noisy.wrong[rows]
        if wrong.any() and not wrong.all():
            found = average_precision(rank(suspicion[rows], wrong, noisy.burst[rows]))
            measured[name] = found if name == "all" else found / float(wrong.mean())
    return measured


def draws(crypto: Crypto, kind: NoiseKind, share: float, seeds: int) -> Iterator[tuple[int, NoisyLabels]]:
    """Draw the noise of one kind once a seed; what is not drawn, and no noise at all, once."""
    labels = AuditLabels(crypto.arrays.y, truth=crypto.truth)
    for seed in range(seeds if kind.drawn and kind.name != "none" else 1):
        yield seed, kind.inject(labels, share, np.random.default_rng([seed, len(kind.name)]))


def mean(values: list[float]) -> str:
    """Mean and its standard error."""
    if not values:
        return "-"
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return f"{np.mean(values):.3f} ± {error:.3f}" if error else f"{np.mean(values):.3f}"


def show(records: list[dict], what: str, by: tuple[str, ...]) -> None:
    """Print one measure as a Markdown table: kinds (and cryptos) down, detectors across."""
    cells: dict[tuple, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        if what in record:
            cells[tuple(record[name] for name in by)][record["detector"]].append(record[what])
    names = list(dict.fromkeys(record["detector"] for record in records))
    windows = [name for name in names if name.startswith("rolling mean")]
    shown = [name for name in names if name not in windows or name == "rolling mean 25"]
    extra = ["best window"] if len(windows) > 1 else []
    click.echo(
        "| " + " | ".join([*by, *shown, *extra]) + " |\n" + "|---" * (len(by) + len(shown) + len(extra)) + "|"
    )
    for key, found in cells.items():
        line = [mean(found[name]) for name in shown]
        if extra:
            line.append(
                mean(max((found[name] for name in windows), key=lambda values: np.mean(values or [0])))
            )
        click.echo("| " + " | ".join([*map(str, key), *line]) + " |")
    click.echo()


@click.command(help=__doc__)
@click.option("--source", type=click.Choice(["market", "candles"]), default="market")
@click.option("--path", help="Folder of candle files.")
@click.option("--crypto", "cryptos", multiple=True, help="Only these; default all.")
@click.option("--kind", "kinds", multiple=True, help="Only these kinds of noise; default all.")
@click.option("--seeds", default=5, help="Draws of each kind of noise.")
@click.option("--share", default=0.10, help="Share of the rows to flip.")
@click.option("--workers", default=2, help="Fits at a time.")
@click.option("--tried", is_flag=True, help="Variants of the model instead of other detectors.")
@click.option("--output", type=click.Path(path_type=Path), help="JSON lines, a detector and draw each.")
@click.option("--measured", multiple=True, type=click.Path(path_type=Path), help="Print such files instead.")
def main(
    source: str,
    path: str | None,
    cryptos: tuple[str, ...],
    kinds: tuple[str, ...],
    seeds: int,
    share: float,
    workers: int,
    tried: bool,
    output: Path | None,
    measured: tuple[Path, ...],
) -> None:
    """Measure and print."""
    records = [json.loads(line) for file in measured for line in file.read_text().splitlines()]
    noises = [*(NOISE_KINDS[name] for name in KINDS), *map(fixed_bursts, BURST_LENGTHS)]
    noises += [NOISE_KINDS["known_truth"]] if source == "market" else []
    judge = try_variants if tried else detect
    for crypto in () if measured else read(source, path):
        if cryptos and crypto.name not in cryptos:
            continue
        for kind in noises:
            if kinds and kind.name not in kinds:
                continue
            for seed, noisy in draws(crypto, kind, share, seeds):
                for name, suspicion, said in judge(crypto, noisy.given, seed, workers):
                    place = {"crypto": crypto.name, "kind": kind.name, "seed": seed, "detector": name}
                    records.append(place | measure(noisy, suspicion, said))
            click.echo(f"{crypto.name} {kind.name}", err=True)
            if output:
                output.write_text("".join(json.dumps(record) + "\n" for record in records))
    for title, what in (
        ("average precision, all rows", "all"),
        ("lift within observed BUY", "BUY"),
        ("lift within observed HOLD", "HOLD"),
        ("estimated noise rate", "rate"),
    ):
        click.echo(f"\n{title}, all cryptos\n")
        show(records, what, ("kind",))
        click.echo(f"{title}, each crypto\n")
        show(records, what, ("kind", "crypto"))


if __name__ == "__main__":
    main()
