"""``ftf fetch``: candles of an exchange into files that a sweep reads."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.shared_flags import json_option, refuse_empty

if TYPE_CHECKING:
    from ftf_assets.sources.exchange.bars import Holes
    from ftf_assets.sources.exchange.fetch import Fetched, OnProgress

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@click.command()
@click.option("--exchange", required=True, metavar="NAME", help="Its name in ccxt, such as binance.")
@click.option(
    "--pair",
    "pairs",
    required=True,
    multiple=True,
    metavar="PAIR",
    help="Spot pair, such as UNI/USDT. Repeat the flag for more.",
)
@click.option(
    "--timeframe", default="1h", show_default=True, metavar="LENGTH", help="Length of a bar, such as 1h."
)
@click.option(
    "--since", required=True, metavar="TIME", help="First bar, UTC: 2023-01-01 or 2023-01-01T06:00."
)
@click.option(
    "--until", metavar="TIME", help="Close of the last bar, UTC. [default: the last bar that has closed]"
)
@click.option(
    "--folder",
    default="candles",
    show_default=True,
    callback=refuse_empty,
    metavar="FOLDER",
    help="Where the files lie, one for each pair; the --path of a sweep.",
)
@click.option(
    "--server",
    metavar="URL",
    callback=refuse_empty,
    help="Address of a mirror, proxy or test server that speaks the exchange's protocol. "
    "[default: the exchange's own]",
)
@json_option
def fetch(
    exchange: str,
    pairs: tuple[str, ...],
    timeframe: str,
    since: str,
    until: str | None,
    folder: str,
    server: str | None,
    as_json: bool,
) -> int:
    """Fetch candles of an exchange into files that ftf reads.

    Needs the extra ftf-assets[exchange], which brings ccxt. The same command again continues a fetch that was
    stopped, and brings files up to date. Bars that have not closed are left out; bars that the exchange lacks
    are counted. Requests keep to the exchange's limits.
    """
    from ftf_assets.contracts.errors import Interrupted
    from ftf_assets.running.interrupts import interrupts_raise
    from ftf_assets.sources.exchange.client import open_exchange
    from ftf_assets.sources.exchange.fetch import fetch_history

    begin, end = _milliseconds("--since", since), None if until is None else _milliseconds("--until", until)
    if end is not None and end <= begin:
        raise click.UsageError(f"--until {until} is not after --since {since}")
    fetched = []
    try:
        with interrupts_raise():
            client = open_exchange(exchange, server=server, wait=_wait)
            client.step(timeframe)
            symbols = list(dict.fromkeys(client.symbol(pair) for pair in pairs))
            for symbol in symbols:
                with _progress(f"{symbol} {timeframe}") as on_progress:
                    done = fetch_history(
                        client,
                        symbol,
                        timeframe,
                        Path(folder),
                        since=begin,
                        until=end,
                        on_progress=on_progress,
                    )
                fetched.append(done)
                if not as_json:
                    click.echo(_in_words(done, begin))
    except Interrupted:
        raise Interrupted(
            "interrupted. What was fetched is kept; run the same command again to go on from it"
        ) from None
    if as_json:
        click.echo(json.dumps([_as_json(one) for one in fetched]))
    else:
        click.echo(f"Next: ftf check {folder} shows what a sweep would read of them")
    return ExitCode.DONE


def _milliseconds(flag: str, text: str) -> int:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(
            f"{flag} takes a time such as 2023-01-01 or 2023-01-01T06:00, found {text!r}"
        ) from None
    instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def _wait(seconds: float, reason: str) -> None:
    import time

    click.echo(f"Waiting {seconds:g} s: {reason}", err=True)
    time.sleep(seconds)


@contextmanager
def _progress(what: str) -> Iterator[OnProgress]:
    """Show how much is fetched: a bar on a terminal, a line for every tenth elsewhere."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(what, total=None)

            def draw(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            yield draw
        return
    yield _tenths(what)


def _tenths(what: str) -> Callable[[int, int], None]:
    said = 0

    def write(done: int, total: int) -> None:
        nonlocal said
        tenth = done * 10 // max(total, 1)
        if tenth > said:
            said = tenth
            click.echo(f"{what}: {10 * tenth} % fetched", err=True)

    return write


def _in_words(done: Fetched, since: int) -> str:
    opens, file = done.bars.opens, done.file
    late = (int(opens[0]) - since) // done.step
    said = [
        f"{file.path}: {len(opens)} bars of {file.exchange} {file.pair}, {done.n_new} of them new",
        f"open {_instant(int(opens[0]))} to close {_instant(int(opens[-1]) + done.step)}",
        f"the exchange begins {late} bars after --since" if late > 0 else "",
        _holes_in_words(done.holes),
    ]
    return "; ".join(part for part in said if part)


def _holes_in_words(holes: Holes) -> str:
    if holes.after is None:
        return "without a hole"
    return (
        f"the exchange lacks {holes.bars} bars in {holes.count} holes, the longest of {holes.longest} after "
        f"the bar that opens {_instant(holes.after)}"
    )


def _as_json(done: Fetched) -> dict[str, Any]:
    opens, holes = done.bars.opens, done.holes
    return {
        "file": str(done.file.path),
        "exchange": done.file.exchange,
        "pair": done.file.pair,
        "timeframe": done.file.timeframe,
        "bars": len(opens),
        "new_bars": done.n_new,
        "first_open": _instant(int(opens[0])),
        "last_close": _instant(int(opens[-1]) + done.step),
        "holes": holes.count,
        "missing_bars": holes.bars,
        "longest_hole": holes.longest,
        "longest_hole_after": None if holes.after is None else _instant(holes.after),
    }


def _instant(milliseconds: int) -> str:
    return f"{_EPOCH + timedelta(milliseconds=milliseconds):%Y-%m-%dT%H:%M:%SZ}"
