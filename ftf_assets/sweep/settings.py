"""The sweep's settings: every knob, its default and its bounds, in one place."""

from __future__ import annotations

import functools
import re
import tomllib
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ftf_assets.contracts.errors import InputError, StoreError, input_error, shown
from ftf_assets.labels.confident_learning import LabelQuality
from ftf_assets.labels.smoothing import check_epsilons
from ftf_assets.labels.triple_barrier import BarrierSettings
from ftf_assets.training.parameters import (
    DEFAULT_SEARCH_SPACE,
    Device,
    Rounds,
    TuneMode,
    Tuning,
    parse_search_space,
)
from ftf_assets.training.plan import RoundsMode
from ftf_assets.training.variants import Design, expand_variants, parse_factors

PowerMode = Literal["smoke", "standard", "deep"]
SourceName = Literal["market", "candles", "features"]
FoldMode = Literal["common", "per_crypto"]
Missing = Literal["refuse", "allow"]

#: Tuning trials that each power mode grants per (crypto, fold).
TRIALS: dict[str, int] = {"smoke": 0, "standard": 15, "deep": 30}

#: Fits beyond which a sweep must be confirmed.
LONG_RUN_FITS = 500

#: The smoke: one fold and one variant, which passes through every stage.
SMOKE: dict[str, Any] = {
    "factor": "label_smoothing=mild,cleanlab=reweight,sample_weight=uniqueness",
    "design": "single",
    "n_folds": 1,
    "power_mode": "smoke",
    "phase": "smoke",
}

#: Settings that change how a sweep is run or announced, not what it computes: no part of its identity.
OPERATIONAL = frozenset({"workers", "confirm_long_run"})


class SweepSettings(BaseModel):
    """The settings of a sweep, as the launchpad, the command and the results table know them.

    An empty text or -1 means "the default that follows from the rest".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    factor: str = Field(
        "label_smoothing,cleanlab",
        description="Factors to vary, with levels if need be: cleanlab=off,filter,filter_random.",
    )
    design: Design = Field(
        "one_factor",
        description="one_factor: one lever at a time; factorial: all combinations; single: one variant.",
    )
    crypto_group: str = Field("defi_top5", description="Crypto group of crypto_groups.toml.")
    cryptos: str = Field(
        "", description="Comma-separated cryptos instead of a group, such as OPUSDC,LDOUSDC."
    )
    phase: str = Field("manual", description="Why the sweep is run: a word that is kept in every row.")
    power_mode: PowerMode = Field("standard", description="Search budget per (crypto, fold).")
    trials: int = Field(-1, ge=-1, le=10_000, description="Tuning trials; -1 = those of the power mode.")
    tune: TuneMode = Field(
        "baseline",
        description="baseline: one study a fold, held for all variants; per_variant: each its own; off.",
    )
    tune_folds: int = Field(3, ge=1, le=20, description="Inner folds of the fit part that score a trial.")
    search_space: str = Field(
        DEFAULT_SEARCH_SPACE,
        description="What tuning searches, parameter=low:high; the others keep their defaults.",
    )
    confirm_long_run: bool = Field(False, description=f"Needed for more than {LONG_RUN_FITS} fits.")

    source: SourceName = Field("market", description="Embedded market, candle files or ready feature caches.")
    path: str = Field("", description="Folder of the candle files or feature caches; empty for the market.")
    missing: Missing = Field(
        "refuse", description="NaN features: refuse, or allow and leave them to XGBoost."
    )
    market_seed: int = Field(2024, ge=0, description="Seed of the embedded market.")
    market_noise: float = Field(
        0.10, ge=0, le=0.25, description="Share of wrong labels in the embedded market; 0 = none."
    )

    stop_atr: float = Field(0.5, gt=0, le=20, description="Stop of the triple barrier, in ATR(14).")
    target_atr: float = Field(1.5, gt=0, le=20, description="Target of the triple barrier, in ATR(14).")
    horizon_bars: int = Field(4, ge=1, le=500, description="Horizon of the triple barrier, in bars.")

    folds: FoldMode = Field(
        "common", description="common: one calendar for the group; per_crypto: each crypto's own history."
    )
    n_folds: int = Field(5, ge=1, le=100, description="Walk-forward folds.")
    fold_edges: str = Field(
        "",
        description="Frozen fold edges, comma-separated UTC instants; empty = from the sources' spans.",
    )
    validation_fraction: float = Field(0.15, gt=0, lt=0.5, description="Last share of the training window.")
    embargo_bars: int = Field(24, ge=0, le=10_000, description="Bars kept free after a held-out block.")

    mild_epsilon_buy: float = Field(0.10, ge=0, lt=0.5, description="Smoothing level mild: BUY is 1 - this.")
    mild_epsilon_hold: float = Field(0.02, ge=0, lt=0.5, description="Smoothing level mild: HOLD is this.")
    aggressive_epsilon_buy: float = Field(0.20, ge=0, lt=0.5, description="Smoothing level aggressive, BUY.")
    aggressive_epsilon_hold: float = Field(
        0.05, ge=0, lt=0.5, description="Smoothing level aggressive, HOLD."
    )

    out_of_fold_blocks: int = Field(5, ge=2, le=50, description="Time blocks of the out-of-fold models.")
    suspect_cap: float = Field(
        0.10, ge=0, le=0.5, description="Largest share of a class that may be suspect."
    )
    label_quality: LabelQuality = Field(
        "self_confidence", description="cleanlab's score, plain or after taking out each class's mean."
    )

    rounds: RoundsMode = Field(
        "baseline",
        description="baseline: its early stopping holds for all; per_variant: each its own.",
    )
    min_rounds: int = Field(20, ge=1, le=10_000, description="Fewest boosting rounds.")
    max_rounds: int = Field(400, ge=1, le=100_000, description="Most boosting rounds.")
    patience: int = Field(30, ge=1, le=10_000, description="Rounds without gain before boosting stops.")
    seed: int = Field(7, ge=0, lt=2**31, description="Seed of the sweep; every fit derives its own.")
    seeds: int = Field(1, ge=1, le=100, description="Fits with different seeds that a cell averages.")
    seed_check: bool = Field(
        True,
        description="With one seed: fit each baseline once more with another, to measure the seed's noise.",
    )
    device: Device = Field("cpu", description="Where XGBoost fits.")
    workers: int = Field(0, ge=0, le=1024, description="Fits at a time; 0 = one a core.")
    cost_bps: float = Field(15.0, ge=0, le=1000, description="Cost of one round trip, basis points.")

    @property
    def epsilons(self) -> dict[str, tuple[float, float]]:
        """(epsilon_buy, epsilon_hold) per smoothing level."""
        return {
            "none": (0.0, 0.0),
            "mild": (self.mild_epsilon_buy, self.mild_epsilon_hold),
            "aggressive": (self.aggressive_epsilon_buy, self.aggressive_epsilon_hold),
        }

    @property
    def barriers(self) -> BarrierSettings:
        """The triple barrier of the labels."""
        return BarrierSettings(
            stop_multiple=self.stop_atr, target_multiple=self.target_atr, horizon=self.horizon_bars
        )

    @property
    def early_stopping(self) -> Rounds:
        """Bounds and patience of the search for rounds."""
        return Rounds(minimum=self.min_rounds, maximum=self.max_rounds, patience=self.patience)

    @property
    def tuning(self) -> Tuning:
        """Who is tuned and how; without trials nobody, whatever the mode.

        Raises
        ------
        InputError
            A search space that is not allowed.
        """
        trials = TRIALS[self.power_mode] if self.trials < 0 else self.trials
        if self.tune == "off" or trials == 0:
            return Tuning()
        space = tuple(parse_search_space(self.search_space).items())
        return Tuning(mode=self.tune, trials=trials, folds=self.tune_folds, space=space)

    def following_group(self) -> SweepSettings:
        """Give the same settings for the crypto group as it is now; named cryptos stay those named."""
        return self.model_copy(update={"cryptos": ""}) if self.crypto_group else self

    @property
    def checks_seed(self) -> bool:
        """Whether the baseline is fitted once more for its seed noise: not with several seeds, nor alone."""
        return self.seed_check and self.seeds == 1 and self.design != "single"

    @property
    def crypto_names(self) -> tuple[str, ...]:
        """The cryptos of the sweep: those named, else the group's.

        Raises
        ------
        InputError
            An unknown crypto or group.
        """
        groups = crypto_groups()
        if self.cryptos.strip():
            named = tuple(
                dict.fromkeys(name.strip().upper() for name in self.cryptos.split(",") if name.strip())
            )
            for name in named:
                if name not in all_cryptos():
                    raise input_error(
                        "unknown crypto",
                        found=repr(name),
                        allowed=", ".join(all_cryptos()),
                        fix="Another one is one name in crypto_groups.toml.",
                    )
            return named
        if self.crypto_group not in groups:
            raise input_error(
                "unknown crypto group", found=repr(self.crypto_group), allowed=", ".join(groups)
            )
        return groups[self.crypto_group]


def sweep_settings(values: dict[str, Any]) -> SweepSettings:
    """Check settings and give them their types: the one place where a sweep's settings are validated.

    Parameters
    ----------
    values
        Name to value, as the command or the launchpad gave them; what is absent takes its default.

    Raises
    ------
    InputError
        One line that names the setting, what came and what is allowed.
    """
    try:
        settings = SweepSettings(**values)
    except ValidationError as error:
        raise _worded(error) from None
    variants = expand_variants(parse_factors(settings.factor), settings.design)
    if len(variants) == 1 and settings.design != "single":
        raise input_error(
            "nothing to compare: the sweep is the baseline alone",
            found=repr(settings.factor),
            allowed="a level beside the baseline",
            fix="For one variant alone say --design single.",
        )
    parse_search_space(settings.search_space)
    _ = settings.crypto_names
    for level, (epsilon_buy, epsilon_hold) in settings.epsilons.items():
        check_epsilons(level, epsilon_buy, epsilon_hold)
    if settings.min_rounds > settings.max_rounds:
        raise input_error(
            "min_rounds must not exceed max_rounds", found=f"{settings.min_rounds} > {settings.max_rounds}"
        )
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", settings.phase):
        raise input_error(
            "phase is one word", found=repr(settings.phase), allowed="letters, digits, _ and -, up to 40"
        )
    if settings.source == "market" and settings.path:
        raise input_error(
            "the embedded market takes no path",
            found=repr(settings.path),
            fix="Add --source candles or features.",
        )
    if settings.source != "market" and not settings.path:
        raise input_error(f"the source {settings.source} needs a path", fix="Name its folder with --path.")
    return settings


def stored_sweep_settings(sweep_id: str, text: str) -> SweepSettings:
    """Read resolved settings back from the JSON text in which a store keeps them.

    Raises
    ------
    StoreError
        Settings that this version does not know or would not accept.
    """
    try:
        return SweepSettings.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the text"
        raise StoreError(
            f"the stored settings of sweep {shown(sweep_id)} are not this version's: {where}: "
            f"{first['msg']}. Use the ftf that wrote them, or run the sweep again"
        ) from None


@functools.cache
def crypto_groups() -> dict[str, tuple[str, ...]]:
    """Give the crypto groups of ``crypto_groups.toml``, name to cryptos.

    Raises
    ------
    InputError
        As :func:`read_crypto_groups`.
    """
    return read_crypto_groups(Path(__file__).with_name("crypto_groups.toml"))


def read_crypto_groups(path: Path) -> dict[str, tuple[str, ...]]:
    """Read a TOML file of crypto groups: one list of cryptos a line, ``name = ["UNIUSDC", "OPUSDC"]``.

    Raises
    ------
    InputError
        No TOML, no group, or a group that is not a list of different names in capitals and digits.
    """
    try:
        groups = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise input_error("the crypto groups cannot be read", file=path.name, found=error) from None
    if not groups:
        raise input_error("there must be a crypto group", file=path.name, allowed='name = ["UNIUSDC"]')
    for name, members in groups.items():
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name):
            raise input_error("a group's name is one word", file=path.name, column=name)
        if not isinstance(members, list) or not members:
            raise input_error(
                "a crypto group is a list of names",
                file=path.name,
                column=name,
                found=repr(members),
                allowed=f'{name} = ["UNIUSDC"]',
            )
        for position, crypto in enumerate(members):
            if not isinstance(crypto, str) or not re.fullmatch(r"[A-Z0-9]{2,20}", crypto):
                raise input_error(
                    "crypto names are capitals and digits",
                    file=path.name,
                    column=name,
                    found=repr(crypto),
                    allowed="A-Z and 0-9, 2 to 20 of them",
                )
            if crypto in members[:position]:
                raise input_error("a crypto is in its group twice", file=path.name, column=name, found=crypto)
    return {name: tuple(members) for name, members in groups.items()}


def all_cryptos() -> tuple[str, ...]:
    """Every crypto of every group, once: the partitions of the asset graph."""
    return tuple(dict.fromkeys(crypto for members in crypto_groups().values() for crypto in members))


def _worded(error: ValidationError) -> InputError:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "settings"
    if first["type"] == "extra_forbidden":
        return input_error("unknown setting", found=repr(name), allowed=", ".join(SweepSettings.model_fields))
    field = SweepSettings.model_fields[name]
    choices = get_args(field.annotation)
    bounds = ", ".join(
        f"{sign} {getattr(constraint, attribute)}"
        for constraint in field.metadata
        for attribute, sign in (("ge", ">="), ("gt", ">"), ("le", "<="), ("lt", "<"))
        if getattr(constraint, attribute, None) is not None
    )
    allowed = ", ".join(map(str, choices)) if choices else bounds or getattr(field.annotation, "__name__", "")
    return input_error(f"bad value for the setting {name}", found=repr(first["input"]), allowed=allowed)
