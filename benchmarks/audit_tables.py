#!/usr/bin/env python3
"""The tables of docs/audit.md from what ``ftf audit --json`` printed: the mean over cryptos.

ftf audit --source candles --path DIR --json > audit.json
python -m benchmarks.audit_tables audit.json
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from ftf_assets.audit.intervals import Estimate
from ftf_assets.audit.summary import PooledFinding, pool_effects, pool_findings
from ftf_assets.report.formats import NOTHING

#: Measured with every noise, and judged: what the docs show of the effects.
TREATMENTS = ("filter", "reweight", "filter_temporal", "reweight_temporal")


def lift(estimate: Estimate | None, wins: tuple[int, int] | None) -> str:
    """Lift with its interval, and on how many cryptos it beats every control."""
    if estimate is None:
        return NOTHING
    text = f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"
    return f"{text}, {wins[0]} of {wins[1]}" if wins else text


def found_lines(found: list[PooledFinding]) -> list[str]:
    """A line a kind of noise and detector that has something to find or to estimate."""
    lines = [
        "| noise | detector | lift, BUY | lift, HOLD | estimated noise |",
        "|---|---|---|---|--:|",
    ]
    for one in found:
        if one.role == "control" and one.detector != "rolling_mean":
            continue
        if one.buy is None and one.hold is None and one.estimated_noise_rate is None:
            continue
        noise = NOTHING if one.estimated_noise_rate is None else f"{one.estimated_noise_rate:.1%}"
        buy, hold = lift(one.buy, one.beats_buy), lift(one.hold, one.beats_hold)
        lines.append(f"| `{one.kind}` | `{one.detector}` | {buy} | {hold} | {noise} |")
    return lines


def signed(estimate: Estimate | None) -> str:
    """A difference with its interval."""
    if estimate is None:
        return NOTHING
    return f"{estimate.value:+.4f} ({estimate.low:+.4f} to {estimate.high:+.4f})"


def effect_lines(rows: list[dict[str, object]]) -> list[str]:
    """A line a kind of noise and treatment."""
    lines = ["| noise | treatment | lost to noise | AP gained | over random |", "|---|---|---|---|---|"]
    for one in pool_effects(rows):
        if one.treatment in TREATMENTS and one.won is not None:
            numbers = f"{signed(one.lost)} | {signed(one.won)} | {signed(one.over_random)}"
            lines.append(f"| `{one.kind}` | `{one.treatment}` | {numbers} |")
    return lines


@click.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
def main(file: Path) -> None:
    """Print both tables in Markdown."""
    told = json.loads(file.read_text(encoding="utf-8"))
    print("\n".join([*found_lines(pool_findings(told["found"])), "", *effect_lines(told["effects"])]))


if __name__ == "__main__":
    main()
