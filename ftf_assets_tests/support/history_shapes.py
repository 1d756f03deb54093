"""Every shape of candle folder: names, several files of one history, stamps, missing bars; accepted or refused.

One row a folder. The tests write each folder, read it as a sweep does, and compare candles and instants with
the bars that it was written from; each remedy is tried. ``docs/data.md`` shows the same rows. Add a row, then
run ``python -m ftf_assets_tests.support.history_shapes``, which writes the page.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from ftf_assets.contracts.errors import InputError
from ftf_assets.sources.candles.reading import CandlesReading
from ftf_assets.sources.candles.source import CandleFileSource
from ftf_assets.sweep.data_settings import DataSettings
from ftf_assets_tests.support.candle_bars import HOUR, Bars, bars_of, csv

CRYPTO = "UNIUSDC"
PAGE = Path(__file__).parents[2] / "docs" / "data.md"
HEADER = "| Folder | Settings | Answer |"

Rows = slice | list[int] | np.ndarray
Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Folder:
    """One shape of candle folder.

    Attributes
    ----------
    shape
        What is peculiar.
    write
        Makes the files from bars, by their path in the folder.
    bars
        The bars.
    settings
        Settings of the group ``data``.
    kept
        Which of the bars are the candles that come; all by default.
    said
        What ``CandlesReading`` says besides, by attribute.
    refused
        Words that the refusal holds; "" for an accepted shape.
    mended
        Settings that make a refused folder accepted, as the refusal says; None if it says to change the files.
    """

    shape: str
    write: Callable[[Bars], Files]
    bars: Bars = field(default_factory=lambda: bars_of(240, start="2024-01-30"))
    settings: Mapping[str, object] = field(default_factory=dict)
    kept: Rows = field(default_factory=lambda: slice(None))
    said: Mapping[str, object] = field(default_factory=dict)
    refused: str = ""
    mended: Mapping[str, object] | None = None

    def lay(self, folder: Path) -> None:
        """Write the files."""
        for name, content in self.write(self.bars).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)

    def read(self, folder: Path, **settings: object) -> tuple[pd.DataFrame, CandlesReading]:
        """Read the folder as a sweep does."""
        data = DataSettings(source="candles", path=str(folder), **{**self.settings, **settings})  # type: ignore[arg-type]
        source = CandleFileSource(str(folder), options=data.candle_options)
        return source.candles(CRYPTO), source.reading(CRYPTO)

    def refusal(self, folder: Path) -> str:
        """Words of the refusal without the crypto; "" if the folder is read."""
        try:
            self.read(folder)
        except InputError as error:
            return str(error).removeprefix(CRYPTO).lstrip(":, ")
        return ""


def plain(bars: Bars, rows: Rows = slice(None), *, minus: str = "", at: int = 0) -> bytes:
    """A CSV file of some bars: their opens, or ``at`` nanoseconds later, less ``minus``."""
    frame = bars.named()
    frame["date"] += pd.Timedelta(at) - (pd.Timedelta(minus) if minus else pd.Timedelta(0))
    return csv(frame.iloc[rows], index=False)


def _klines(bars: Bars, rows: Rows = slice(None), last_close: int = 0) -> bytes:
    frame = bars.frame.assign(open_time=bars.epoch("ms"), close_time=bars.close_time // 10**6 - 1)
    frame.iloc[-1, frame.columns.get_loc("close_time")] += last_close
    return csv(
        frame[["open_time", "open", "high", "low", "close", "volume", "close_time"]].iloc[rows], index=False
    )


def _named(*names: str) -> Callable[[Bars], Files]:
    return lambda bars: {name: plain(bars) for name in names}


def _marked(name: str, symbol: str) -> Callable[[Bars], Files]:
    """A file whose rows name their symbol."""
    return lambda bars: {name: csv(bars.named().assign(symbol=symbol), index=False)}


def _edited(bars: Bars, row: int, close: float) -> bytes:
    values = bars.values.copy()
    values[row, 1:4] = [max(close, values[row, 0]), min(close, values[row, 0]), close]
    return plain(Bars(bars.open_time, bars.length, values))


def _shifted(bars: Bars, rows: list[int]) -> bytes:
    times = bars.open_time.copy()
    times[rows] += 17 * 60 * 10**9
    return plain(Bars(times, bars.length, bars.values))


def _halted(bars: Bars) -> bytes:
    """Klines of a halt: two bars begin late and end early."""
    frame = bars.frame.assign(open_time=bars.epoch("ms"), close_time=bars.close_time // 10**6 - 1)
    frame.iloc[[50, 51], frame.columns.get_loc("open_time")] += 420_000
    frame.iloc[[50, 51], frame.columns.get_loc("close_time")] -= 60_000
    return csv(frame[["open_time", "open", "high", "low", "close", "volume", "close_time"]], index=False)


def _two_lengths(bars: Bars) -> bytes:
    later = bars_of(60, length=4 * HOUR, start=str(bars.index[-1] + pd.Timedelta("1h"))[:19])
    return csv(pd.concat([bars.named(), later.named()]), index=False)


SPARSE = np.flatnonzero(np.random.default_rng(1).random(240) < 0.6)
FEW = np.unique(np.r_[0, SPARSE, 239])
EVEN = np.flatnonzero((np.arange(240) % 2 == 0) | (np.arange(240) % 50 == 1))
DAYS = bars_of(60, length=24 * HOUR, start="2024-01-01")

#: Names of one file that serve UNIUSDC as they are.
NAMES = (
    "UNIUSDC-1h.csv", "UNI_USDT-1h.csv", "UNIUSDT_1h.csv", "Binance_UNIUSDT_1h.csv", "uniusdt_60m.csv",
    "BINANCE_UNIUSDT, 60.csv", "UNIUSD_60.csv", "UNIUSD60.csv", "UNIUSD_H1.csv", "UNI-USD_3600.csv",
    "UNI7083-USD.csv", "USDT_UNI-1h.csv", "coin_UNI.csv", "UNI.csv", "UNIUSDT/1h/candles.csv",
    "spot/monthly/klines/UNIUSDT/1h/UNIUSDT-1h-2024-01.csv", "tUNIUSD.csv",
    "UNIUSD_Candlestick_1_Hour_BID_30.01.2024-08.02.2024.csv", "yahoo_UNI_clean.csv", "UNIUSDT_1h_240130.csv",
)  # fmt: skip

ACCEPTED = [
    *(Folder(f"`{name}`", _named(name)) for name in NAMES),
    Folder("months and days of one history, overlapping by equal bars", lambda b: {
        "monthly/UNIUSDT-1h-2024-01.csv": plain(b, slice(0, 48)),
        "daily/UNIUSDT-1h-2024-02-01.csv": plain(b, slice(40, 72)),
        "daily/UNIUSDT-1h-2024-02-02.csv": plain(b, slice(72, 240))}, said={"overlapping": 8, "gaps": 0}),
    Folder("an archive of Binance Vision, a month missing", lambda b: {
        "UNIUSDT-1h-2023-11.csv": _klines(b, slice(0, 100)), "UNIUSDT-1h-2024-01.csv": _klines(b, slice(160, 240))},
        kept=[*range(100), *range(160, 240)], said={"gaps": 1, "missing_bars": 60, "stamp_from": "open and close compared"}),
    Folder("one of two timeframes", lambda b: {"UNIUSDT_1h.csv": plain(b), "UNIUSDT_1d.csv": plain(DAYS)},
        settings={"bar": "1h"}, said={"bar_from": "data.bar"}),
    Folder("prices in BTC, allowed", _named("UNIBTC_1h.csv"), settings={"allow_quote": ("BTC",)}),
    *(Folder(f"rows with the symbol `{symbol}`", _marked("UNI.csv", symbol)) for symbol in
        ("UNIUSDT", "UNI/USD", "X:UNIUSD", "BINANCE:UNIUSDT", "COINBASE_SPOT_UNI_USD", "XUNIZUSD")),
    Folder("rows with the symbol `UNIBTC`, allowed", _marked("UNI.csv", "UNIBTC"), settings={"allow_quote": ("BTC",)}),
    Folder("closes such as 00:59:59", lambda b: {"UNI.csv": plain(b, minus="1s", at=HOUR)},
        said={"stamp": "close", "stamp_from": "ends such as 23:59:59"}),
    Folder("daily closes such as 23:59:59.999", lambda b: {"UNI.csv": plain(b, minus="1ms", at=24 * HOUR)},
        bars=DAYS, said={"stamp": "close", "timeframe": "1d"}),
    Folder("hourly closes such as 00:59", lambda b: {"UNI.csv": plain(b, minus="1min", at=HOUR)},
        said={"stamp": "close", "stamp_from": "ends such as 23:59:59"}),
    Folder("daily closes such as 23:59", lambda b: {"UNI.csv": plain(b, minus="1min", at=24 * HOUR)},
        bars=DAYS, said={"stamp": "close", "timeframe": "1d"}),
    Folder("closes such as 00:59:59.9999999", lambda b: {"UNI.csv": plain(b, minus="100ns", at=HOUR)},
        said={"stamp": "close"}),
    Folder("a column of closes such as 00:59", lambda b: {"UNI.csv": plain(b, minus="1min", at=HOUR).replace(b"date", b"close_time")},
        said={"stamp": "close", "stamp_from": "spelling"}),
    Folder("closes at the full hour, stated", lambda b: {"UNI.csv": plain(b, at=HOUR)},
        settings={"stamp": "close"}, said={"stamp": "close", "stamp_from": "data.stamp"}),
    Folder("open and close in the file", lambda b: {"UNI.csv": _klines(b)}, said={"stamp_from": "open and close compared"}),
    Folder("newest first", lambda b: {"UNI.csv": plain(b, slice(None, None, -1))}),
    Folder("pages that repeat their last bars", lambda b: {"UNI.csv": plain(b, [*range(100), *range(96, 240)])},
        said={"repeated": 4}),
    Folder("most hours without trade are absent, the length in the name", lambda b: {"UNIUSDT-1h.csv": plain(b, EVEN)}, kept=EVEN,
        said={"timeframe": "1h", "bar_from": "file name"}),
    Folder("most hours without trade are absent, the length stated", lambda b: {"UNI.csv": plain(b, EVEN)}, kept=EVEN,
        settings={"bar": "1h"}, said={"timeframe": "1h", "bar_from": "data.bar"}),
    Folder("`UNIUSDT_15M.csv`", _named("UNIUSDT_15M.csv"), bars=bars_of(240, length=HOUR // 4), said={"timeframe": "15m"}),
    Folder("hours without trade are absent: gaps", lambda b: {"UNIUSD_60.csv": plain(b, FEW)}, kept=FEW,
        said={"missing_bars": 240 - len(FEW), "timeframe": "1h"}),
    Folder("hours without trade are absent: flat bars", lambda b: {"UNIUSD_60.csv": plain(b, FEW)},
        settings={"no_trade_bars": "flat"}, kept=FEW, said={"filled": 240 - len(FEW), "gaps": 0}),
    Folder("a stretch off the grid with closes of its own, left out", lambda b: {"UNI.csv": _halted(b)},
        settings={"off_grid": "leave_out"}, kept=[n for n in range(240) if n not in (50, 51)], said={"off_grid": 2}),
    Folder("rows off the grid, left out", lambda b: {"UNI.csv": _shifted(b, [50, 51, 99])},
        settings={"off_grid": "leave_out"}, kept=[n for n in range(240) if n not in (50, 51, 99)], said={"off_grid": 3}),
]  # fmt: skip

REFUSED = [
    Folder("two timeframes", lambda b: {"UNIUSDT_1h.csv": plain(b), "UNIUSDT_1d.csv": plain(DAYS)}, mended={"bar": "1h"},
        refused="files of 2 timeframes match equally well"),
    Folder("files of two exchanges", _named("Binance_UNIUSDT_1h.csv", "Kraken_UNIUSDT_1h.csv"),
        refused="two files match equally well"),
    Folder("prices in BTC", _named("UNIBTC_1h.csv"), mended={"allow_quote": ("BTC",)},
        refused="the data of base asset UNI are priced in another currency"),
    *(Folder(f"prices in {quote}, which is no known quote currency" if quote != "INR" else "prices in INR",
        _named(f"UNI_{quote}-1h.csv"), mended={"allow_quote": (quote,)}, refused=f"UNI_{quote}-1h.csv in {quote}")
      for quote in ("INR", "TRX", "XRP", "UST")),
    Folder("prices in EUR, said by the folder", _named("EUR/UNI.csv"), mended={"allow_quote": ("EUR",)},
        refused="EUR/UNI.csv in EUR"),
    Folder("a pair of another base asset", _named("UNI_LDO_USDT-1h.csv"), refused="its name says LDO in USDT"),
    Folder("a pair that has UNI as its quote", _named("WUNI_UNI-1h.csv"), refused="its name says WUNI in UNI"),
    *(Folder(f"another instrument, `{name}`", _named(name), refused=f"{word} in its name means another instrument")
      for name, word in (("UNIUSDT_240329-1h.csv", "240329"), ("UNI-29MAR24-USDT.csv", "29MAR24"),
        ("um/UNIUSDT-1h.csv", "UM"), ("UNIUSDT_fut.csv", "FUT"), ("UNIUSDT-premiumIndex-1h.csv", "PREMIUMINDEX"))),
    Folder("two dollar quotes", _named("UNIUSDT-1h.csv", "UNIFDUSD-1h.csv"),
        refused="Name the pair that is meant: --crypto UNIFDUSD or --crypto UNIUSDT"),
    Folder("rows with the symbol `UNIBTC`", _marked("UNI.csv", "UNIBTC"), mended={"allow_quote": ("BTC",)},
        refused="the rows are priced in BTC"),
    Folder("rows with the symbol `UNI/EUR`", _marked("UNI.csv", "UNI/EUR"), mended={"allow_quote": ("EUR",)},
        refused="the rows are priced in EUR"),
    Folder("rows with the symbol `UNIBTC` in a file named in dollars", _marked("UNIUSDT.csv", "UNIBTC"),
        refused="the rows are priced in BTC, and the name of the file says USDT"),
    *(Folder(f"rows with the symbol `{symbol}`", _marked("UNI.csv", symbol), refused="the rows hold bars of another asset")
      for symbol in ("UNI-USDT-SWAP", "UNI/USDT:USDT", "WUNIUSDT", "UNIUPUSDT")),
    Folder("a perpetual", _named("UNI-USDT-SWAP_1h.csv"), refused="means another instrument than the spot pair"),
    Folder("another pair", _named("UNIUP_USDT-1h.csv", "notes.md"), refused="no file for base asset UNI"),
    Folder("months that disagree on a bar", lambda b: {"UNIUSDT-1h-2024-01.csv": plain(b, slice(0, 49)),
        "UNIUSDT-1h-2024-02.csv": _edited(b, 48, 6.5)}, refused="two files give a bar different numbers"),
    Folder("a bar twice with other numbers", lambda b: {"UNI.csv": plain(b) + _edited(b, 20, 6.4).splitlines(keepends=True)[21]},
        refused="the time repeats with other numbers"),
    Folder("bars in disorder", lambda b: {"UNI.csv": plain(b, [*range(100), *range(150, 240), *range(100, 150)])},
        refused="the time goes back"),
    Folder("a bar length that changes", lambda b: {"UNI.csv": _two_lengths(b)},
        refused="the bar length changes within the history"),
    Folder("a name that contradicts the bars", lambda b: {"UNIUSDT_4h.csv": plain(b)},
        refused="the file name states another bar length than the bars have"),
    Folder("a stated length that is not that of the bars", _named("UNI.csv"), settings={"bar": "4h"}, mended={"bar": "1h"},
        refused="the bars are not of the stated length 4h"),
    Folder("rows off the grid", lambda b: {"UNI.csv": _shifted(b, [50, 51, 99])}, mended={"off_grid": "leave_out"},
        refused="the timestamp is off the grid of 1h bars"),
    Folder("days of a zone that sets its clocks", lambda b: {"UNI.csv": plain(b).replace(b" 00:00:00+00:00", b"").replace(b"+00:00", b"")},
        bars=bars_of(120, length=24 * HOUR, start="2024-01-01"), settings={"zone": "America/New_York"},
        refused="bars of 1d change their length where clocks are set forward or back"),
    Folder("most hours without trade are absent", lambda b: {"UNI.csv": plain(b, EVEN)},
        refused="If the bars are of 1h, say so with --timeframe 1h (data.bar)."),
    Folder("bars of months", _named("UNIUSDT_1M.csv"), refused="bars of calendar months have no fixed length"),
    Folder("ends of bars, said to be opens", lambda b: {"UNI.csv": plain(b, minus="1s", at=HOUR)}, settings={"stamp": "open"},
        mended={"stamp": "close"}, refused="the times are ends of bars, not opens"),
    Folder("the last bar was open when the file was written", lambda b: {"UNI.csv": _klines(b, last_close=-60_000)},
        refused="the last bar ends early: it was open when the file was written"),
    Folder("one bar", lambda b: {"UNI.csv": plain(b, slice(0, 1))}, refused="a candle history needs at least two bars"),
]  # fmt: skip


def page_row(shape: Folder, answer: str) -> str:
    """The row of a folder in ``docs/data.md``; all names of one file share one."""
    names = ", ".join(f"`{name}`" for name in NAMES)
    what = f"one file, named {names}" if shape in ACCEPTED[: len(NAMES)] else shape.shape
    needs = ", ".join(
        f"`data.{name}={','.join(value) if isinstance(value, tuple) else value}`"
        for name, value in shape.settings.items()
    )
    return f"| {what} | {needs} | {answer} |"


def accepted(reading: CandlesReading) -> str:
    """The answer of an accepted folder."""
    files = f"{len(reading.files)} file{'' if len(reading.files) == 1 else 's'}"
    stamp = f"times are {reading.stamp}s ({reading.stamp_from})"
    said = "; ".join([f"{files}, {reading.bars} bars of {reading.timeframe}, {stamp}", *reading.notes])
    return f"accepted: {said}"


def _answer(shape: Folder) -> str:
    with tempfile.TemporaryDirectory() as folder:
        shape.lay(Path(folder))
        if shape.refused:
            return f"refused: {shape.refusal(Path(folder))}"
        return accepted(shape.read(Path(folder))[1])


def write_page() -> None:
    """Replace the rows of the table in ``docs/data.md``."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    head = lines.index(HEADER)
    end = next((n for n in range(head, len(lines)) if not lines[n].startswith("|")), len(lines))
    rows = dict.fromkeys(page_row(shape, _answer(shape)) for shape in (*ACCEPTED, *REFUSED))
    PAGE.write_text("\n".join([*lines[: head + 2], *rows, *lines[end:]]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_page()
