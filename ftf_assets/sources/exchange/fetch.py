"""Fetch the bars of one pair: what is left of the wanted stretch, page by page, then the whole file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ftf_assets.contracts.errors import RunError, StoreError, input_error
from ftf_assets.sources.exchange.bar_file import BarFile
from ftf_assets.sources.exchange.bars import BadAnswerError, Bars, Holes, holes_of, joined
from ftf_assets.sources.exchange.client import PAGE, ExchangeClient
from ftf_assets.sources.exchange.coverage import Stretch, left_of

#: Called with the number of milliseconds that are fetched and those that are wanted.
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True)
class Fetched:
    """What lies in the file of a pair after a fetch.

    Attributes
    ----------
    file
        The file.
    bars
        Its bars.
    step
        Length of a bar, milliseconds.
    n_new
        Bars that this fetch has added.
    holes
        What the exchange has not got between the first and the last bar.
    """

    file: BarFile
    bars: Bars
    step: int
    n_new: int
    holes: Holes


def fetch_history(
    client: ExchangeClient,
    symbol: str,
    timeframe: str,
    folder: Path,
    *,
    since: int,
    until: int | None,
    on_progress: OnProgress,
) -> Fetched:
    """Fetch the closed bars of a pair into its file; what is there already is not fetched again.

    A bar is left out until it has closed by the exchange's own clock. A fetch that was stopped goes on after
    its last page. A file that is there grows: at its end, also at its beginning, and never with a stretch
    between that nobody has asked for. Its last bar is asked for again, and must be the same.

    Parameters
    ----------
    client, symbol, timeframe
        The exchange, its spelling of the pair, and the length of the bars.
    folder
        Where the file lies.
    since
        Open of the first bar that is wanted, milliseconds.
    until
        Close of the last bar that is wanted, milliseconds; None for the last that has closed.
    on_progress
        Called after every page.

    Raises
    ------
    InputError
        Nothing has closed in the stretch, the exchange has no bars of it, or a file of another origin lies at
        the place.
    RunError
        The exchange does not answer, or contradicts the file.
    StoreError
        The file cannot be written, or another fetch is at work on it.
    """
    file = BarFile(folder, client.name, symbol, timeframe)
    step = client.step(timeframe)
    # The last bar that counts opens a whole bar before the end.
    now = client.now()
    wanted = Stretch(since, min(now, now if until is None else until) - step + 1)
    if wanted.begin >= wanted.end:
        raise input_error(
            "no bar has closed in this stretch of time",
            found=f"{symbol} {timeframe}",
            fix="Give an earlier --since.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(file.lock, timeout=0):
            return _fetched(client, file, step, wanted, on_progress)
    except Timeout:
        raise StoreError(f"another ftf fetch is writing {file.path}") from None
    except OSError as error:
        raise StoreError(f"cannot write to {folder}: {error.strerror or error}") from None


def _fetched(
    client: ExchangeClient, file: BarFile, step: int, wanted: Stretch, on_progress: OnProgress
) -> Fetched:
    before = file.read()
    parts, covered = ([before[0]], [before[1]]) if before else ([], [])
    if before is not None:
        wanted = Stretch(min(wanted.begin, before[1].begin), max(wanted.end, before[1].end))
    for bars, stretch in file.read_pages():
        parts.append(bars)
        covered.append(stretch)
    left = left_of(wanted, covered)
    if before is not None and left and left[-1].end > before[1].end:
        _require_same(client, file, before[0])
    done, total = 0, sum(one.end - one.begin for one in left)
    for stretch in left:
        begin = stretch.begin
        while begin < stretch.end:
            page = client.bars(file.pair, file.timeframe, begin)
            mine = page.between(begin, stretch.end)
            end = _covered_until(page, mine, begin, step, stretch.end)
            file.add_page(mine, Stretch(begin, end))
            parts.append(mine)
            done, begin = done + end - begin, end
            on_progress(done, total)
    try:
        bars = joined(parts, step)
    except BadAnswerError as error:
        raise RunError(f"{client.name} contradicts itself about {file.pair}: {error}") from None
    if not len(bars):
        raise input_error(f"{client.name} has no bars of this stretch", found=f"{file.pair} {file.timeframe}")
    n_new = len(bars) - (len(before[0]) if before else 0)
    reached = Stretch(wanted.begin, int(bars.opens[-1]) + step)
    if n_new or before is None or reached.begin < before[1].begin:
        file.write(bars, reached)
    file.remove_pages()
    return Fetched(file, bars, step, n_new, holes_of(bars, step))


def _covered_until(page: Bars, mine: Bars, begin: int, step: int, end: int) -> int:
    """Tell up to where a page covers a stretch: past its last bar, or as far as the exchange has looked."""
    if len(mine):
        return min(int(mine.opens[-1]) + step, end)
    later = page.opens[page.opens >= end]
    return end if len(later) else min(begin + PAGE * step, end)


def _require_same(client: ExchangeClient, file: BarFile, before: Bars) -> None:
    """Ask for the last bar of a file again: another value means that the exchange has changed its history."""
    last = int(before.opens[-1])
    again = client.bars(file.pair, file.timeframe, last, 1).between(last, last + 1)
    if len(again) and (again.values[0] != before.values[-1]).any():
        raise RunError(
            f"{client.name} now gives other values for the last bar of {file.path}: "
            f"{again.values[0].tolist()} instead of {before.values[-1].tolist()}. Delete the file to fetch "
            "the history anew"
        )
