"""The settings of the data: where a sweep's rows come from, and how candle files are read."""

from __future__ import annotations

import re
import zoneinfo
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.row_rules import Missing
from ftf_assets.sources.candles.options import CandleOptions, NoTradeBars, OffGrid, StampChoice
from ftf_assets.sources.features.options import FeatureOptions, RawColumns
from ftf_assets.sources.readers.options import SEPARATORS, DateOrder, Decimal, ReadingOptions
from ftf_assets.sources.symbols import OTHER_NAMES
from ftf_assets.sources.timeframes import parse_timeframe, timeframe_text
from ftf_assets.sweep.crypto_groups import all_cryptos, crypto_groups, crypto_name
from ftf_assets.sweep.setting_groups import SettingsGroup

SourceName = Literal["market", "candles", "features"]
Incomplete = Literal["skip", "refuse"]


class DataSettings(SettingsGroup):
    """Which rows the sweep reads."""

    source: SourceName = Field("market", description="Embedded market, candle files or ready feature caches.")
    path: str | None = Field(
        None, min_length=1, description="Folder of the candle files or feature caches; none for the market."
    )
    crypto_group: str | None = Field("defi_top5", description="Crypto group of crypto_groups.toml.")
    cryptos: tuple[str, ...] | None = Field(
        None, description="Cryptos instead of a group: of the groups, or with a path any pair of its files."
    )
    incomplete: Incomplete = Field(
        "skip",
        description="A crypto of the group that lacks file or history: skip and say so, or refuse the sweep.",
    )
    skipped: dict[str, str] | None = Field(
        None, description="Cryptos of the group that take no part, with the reason; found by the sweep."
    )
    missing: Missing = Field(
        "refuse", description="NaN features: refuse, or allow and leave them to XGBoost."
    )
    raw_columns: RawColumns = Field(
        "refuse",
        description="Price levels, amounts and times in feature files: refuse, leave_out, keep as features.",
    )
    allow_quote: tuple[str, ...] | None = Field(
        None, description="Quote currencies other than dollars whose files may serve a crypto, such as BTC."
    )
    separator: str | None = Field(
        None, description="Separator of CSV files: comma, semicolon, tab, bar or one sign; none finds it."
    )
    decimal: Decimal = Field(
        "point", description="Decimal sign of text files; point refuses numbers with a comma."
    )
    date_order: DateOrder = Field(
        "auto", description="Order in dates such as 01/02/2023; auto refuses a file where both orders fit."
    )
    zone: str | None = Field(
        None,
        description="Zone of times without an offset, such as Europe/Athens; none is UTC, in feature files "
        "refused.",
    )
    bar: str | None = Field(
        None, description="Length of a bar, such as 1h, 15m or 1d; none takes the most common step."
    )
    stamp: StampChoice = Field(
        "auto", description="Times of candle files: open or close of their bar; auto decides by the files."
    )
    no_trade_bars: NoTradeBars = Field(
        "gap", description="Missing bars: a gap; flat fills up to 12 in a row with the last close, volume 0."
    )
    off_grid: OffGrid = Field(
        "refuse", description="Candles off the bar grid: refuse, or leave_out and count them."
    )
    market_seed: int = Field(2024, ge=0, description="Seed of the embedded market.")
    market_noise: float = Field(
        0.10, ge=0, le=0.25, description="Share of wrong labels in the embedded market; 0 = none."
    )
    market_edge: float = Field(
        0.3,
        ge=0,
        le=1.2,
        description="Learnable edge of the embedded market: largest hourly drift in units of volatility.",
    )

    @field_validator("cryptos")
    @classmethod
    def _known_cryptos(cls, named: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        if named is None:
            return None
        names = tuple(dict.fromkeys(crypto_name(name) for name in named))
        if not names:
            raise input_error(
                "data.cryptos must name at least one crypto",
                allowed=", ".join(all_cryptos()),
                fix="Leave it out to run the whole crypto group.",
            )
        # Files say which cryptos there are. The market simulates any name, so a typing error would pass.
        for name in names if info.data.get("source") == "market" else ():
            if name not in all_cryptos():
                raise input_error(
                    "unknown crypto",
                    found=repr(name),
                    allowed=", ".join(all_cryptos()),
                    fix="For your own pair name its files, with --source candles --path FOLDER.",
                )
        return names

    @field_validator("allow_quote")
    @classmethod
    def _known_quotes(cls, allowed: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if allowed is None:
            return None
        quotes = tuple(
            sorted({OTHER_NAMES.get(name, name) for name in (quote.strip().upper() for quote in allowed)})
        )
        for quote in quotes:
            if not re.fullmatch(r"[A-Z0-9]{2,10}", quote):
                raise input_error(
                    "a quote currency is 2 to 10 letters and digits",
                    column="data.allow_quote",
                    found=repr(quote),
                    allowed="such as BTC, EUR or TRX",
                )
        return quotes or None

    @field_validator("separator")
    @classmethod
    def _one_sign(cls, separator: str | None) -> str | None:
        if separator is not None and separator not in SEPARATORS:
            name = {sign: name for name, sign in SEPARATORS.items()}.get(separator)
            if name is None and (len(separator) != 1 or separator.isalnum() or separator in "\"'\r\n"):
                raise input_error(
                    "the separator must be one sign",
                    column="data.separator",
                    found=repr(separator),
                    allowed=", ".join(SEPARATORS) + ", or the sign itself",
                )
            return name or separator
        return separator

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in zoneinfo.available_timezones():
            raise input_error(
                "unknown time zone",
                column="data.zone",
                found=repr(zone),
                allowed="a name of the IANA time zones, such as UTC, Europe/Athens or America/New_York",
            )
        return zone

    @field_validator("bar")
    @classmethod
    def _one_spelling(cls, bar: str | None) -> str | None:
        return None if bar is None else timeframe_text(parse_timeframe(bar, setting="data.bar"))

    @model_validator(mode="after")
    def _one_place_for_the_data(self) -> DataSettings:
        if self.cryptos is None and self.crypto_group not in crypto_groups():
            raise input_error(
                "unknown crypto group", found=repr(self.crypto_group), allowed=", ".join(crypto_groups())
            )
        if self.skipped is not None and (self.cryptos is None or set(self.skipped) & set(self.cryptos)):
            raise input_error(
                "data.skipped names the cryptos of a group that take no part",
                found=", ".join(self.skipped),
                fix="Leave it out: the sweep finds them.",
            )
        if self.source == "market" and self.path is not None:
            raise input_error(
                "the embedded market takes no path",
                found=repr(self.path),
                fix="Add --source candles or --source features.",
            )
        if self.source != "market" and self.path is None:
            raise input_error(f"the source {self.source} needs a path", fix="Name its folder with --path.")
        return self

    @property
    def candle_options(self) -> CandleOptions:
        """How candle files are found and read, as the source takes it."""
        return CandleOptions(
            allow_quote=self.allow_quote or (),
            bar=self.bar_length,
            stamp=self.stamp,
            no_trade_bars=self.no_trade_bars,
            off_grid=self.off_grid,
            reading=self.reading_options,
        )

    @property
    def feature_options(self) -> FeatureOptions:
        """How ready feature caches are found and read, as the source takes it."""
        return FeatureOptions(
            missing=self.missing,
            raw_columns=self.raw_columns,
            reading=self.reading_options,
            allow_quote=self.allow_quote or (),
            bar=self.bar_length,
        )

    @property
    def bar_length(self) -> int | None:
        """The stated length of a bar in nanoseconds; None where none is stated."""
        return None if self.bar is None else parse_timeframe(self.bar, setting="data.bar")

    @property
    def reading_options(self) -> ReadingOptions:
        """What the user states about text and times."""
        return ReadingOptions(self.separator, self.decimal, self.date_order, self.zone)

    @property
    def crypto_names(self) -> tuple[str, ...]:
        """The cryptos of the sweep: those named, else the group's."""
        return self.cryptos or crypto_groups()[str(self.crypto_group)]
