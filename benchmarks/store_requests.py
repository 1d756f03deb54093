#!/usr/bin/env python3
"""Requests of a sweep to a bucket, by kind and folder: a cold sweep, the same again, and its plan.

python -m benchmarks.store_requests [--cryptos 5]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import click

from benchmarks.measuring import report
from ftf_assets_tests.support.s3_server import environment, new_bucket, requests_in, s3_server
from ftf_assets_tests.support.settings import set_options

#: The embedded market.
CRYPTOS = ("UNIUSDC", "OPUSDC", "ARBUSDC", "AAVEUSDC", "LDOUSDC")
#: 5 folds x 5 variants, short fits: requests do not depend on their rounds.
SWEEP = ("--trials", "0", *set_options(min_rounds=5, max_rounds=16, patience=5, seeds=1, enabled=False))


def command(*words: str, endpoint: str, bucket: str, cache: Path) -> None:
    """Run ``ftf`` on a machine that has this cache of the bucket and nothing else of the home."""
    done = subprocess.run(
        [sys.executable, "-m", "ftf_assets.command", *words, "--home", bucket],
        capture_output=True,
        text=True,
        env=os.environ | environment(endpoint) | {"FTF_CACHE": str(cache)},
        check=False,
    )
    if done.returncode:
        sys.exit(f"ftf {words[0]} ended with {done.returncode}:\n{done.stderr}")


@click.command()
@click.option("--cryptos", default=5, show_default=True)
def main(cryptos: int) -> None:
    """Count the requests of sweeps of one crypto and of several; the difference is what a crypto costs."""
    rows = []
    names = CRYPTOS[:cryptos]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with s3_server(log=log) as endpoint:
            found: dict[str, dict[int, Counter[tuple[str, str]]]] = {}
            for n in (1, cryptos):
                bucket, begin = new_bucket(endpoint), 0
                words = [*SWEEP, *(word for name in names[:n] for word in ("--crypto", name))]
                here, other = Path(folder) / f"here{n}", Path(folder) / f"other{n}"
                for stage, verb, cache in (
                    ("a cold sweep", "sweep", here),
                    ("the same again", "sweep", here),
                    ("its plan", "plan", here),
                    ("its plan on another machine", "plan", other),
                ):
                    begin = log.stat().st_size
                    command(verb, *words, endpoint=endpoint, bucket=bucket, cache=cache)
                    found.setdefault(stage, {})[n] = Counter(requests_in(log, begin))
    for stage, counts in found.items():
        kinds = {
            f"{kind} {where}": (counts[cryptos][kind, where] - counts[1][kind, where]) / (cryptos - 1)
            for kind, where in sorted(counts[cryptos])
        }
        rows.append(
            {
                "": stage,
                "one crypto": counts[1].total(),
                f"{cryptos} cryptos": counts[cryptos].total(),
                "each further": sum(kinds.values()),
                "of it": ", ".join(f"{name} {number:.3g}" for name, number in kinds.items() if number),
            }
        )
    report("requests to a bucket", rows)


if __name__ == "__main__":
    main()
