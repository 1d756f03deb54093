"""What cleaners decided about each fit part: which rows are suspect, which stay, how much each weighs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from ftf_assets.contracts.bundles.outcome import Outcome
from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.row_rules import is_finite_amount, is_share
from ftf_assets.contracts.typed import Array, Bool, Float32, Float64, Int8, Int64, typed

_CLASSES = {0: "HOLD", 1: "BUY"}


@dataclass(frozen=True)
class NoiseEstimate:
    """What a temporal cleaner estimates about the labels of one fit part as a whole.

    Attributes
    ----------
    noise_rate
        Share of wrong labels.
    expected_errors_buy, expected_errors_hold
        Expected number of wrong labels among the observed BUYs and HOLDs. The cleaner suspects no more of
        them.
    temper
        Weight of the features' log odds, 0 to 1; 0 means that only the labels were used.
    entry, stay, missed_buy, false_buy, burst_flip
        Error rates, as in :class:`~ftf_assets.labels.cleaning.hidden_labels.ErrorRates`.
    """

    noise_rate: float
    expected_errors_buy: float
    expected_errors_hold: float
    temper: float
    entry: float
    stay: float
    missed_buy: float
    false_buy: float
    burst_flip: float


@dataclass(frozen=True)
class FlipRates:
    """How often labels are wrong, by true class: what a forward correction assumes.

    Attributes
    ----------
    missed_buy
        Share of the true BUYs that are observed as HOLD, in [0, 1).
    false_buy
        Share of the true HOLDs that are observed as BUY, in [0, 1). The two add up to less than 1: otherwise
        the observed label would say nothing about the true one.
    """

    missed_buy: float
    false_buy: float

    @property
    def kept(self) -> float:
        """What the noise leaves of a difference in P(BUY): 1 - ``missed_buy`` - ``false_buy``."""
        return 1.0 - self.missed_buy - self.false_buy


@typed
@dataclass(frozen=True, eq=False)
class CleaningMask:
    """What one cleaner decided about one fold's fit part.

    Attributes
    ----------
    fold, variant, cleaner
        The fold, the variant that cleans, and the level of the row factor that decided. The out-of-fold
        models that judged the rows were trained on the labels and weights of the variant.
    outcome
        If it is not ``ok``, the arrays are empty.
    rows
        Row numbers of the fit part in the training arrays, increasing. Validation and test rows never appear.
    probability
        Out-of-fold P(BUY) of each of these rows, shape (n_fit_rows,) as all arrays below.
    label_quality
        Agreement of the given label with the model, in [0, 1]. For a temporal cleaner it is the probability
        that the label is right.
    suspect, keep, weight
        Rows suspected of a wrong label, after the cap per class; rows to train on; weight of every row.
    n_flagged_buy, n_flagged_hold
        Rows of each class that the cleaner flagged before the cap.
    label
        Hard label that each row trains with, 1 = BUY. Only suspects may have another one than given.
    flip_rates
        Rates that the loss of the model is corrected for; None where it is not.
    noise
        Estimates of a temporal cleaner; None for the others.
    """

    fold: int
    variant: str
    cleaner: str
    outcome: Outcome
    rows: Int64[Array, " fit_rows"] = field(default_factory=lambda: np.empty(0, np.int64))
    probability: Float64[Array, " fit_rows"] = field(default_factory=lambda: np.empty(0, np.float64))
    label_quality: Float64[Array, " fit_rows"] = field(default_factory=lambda: np.empty(0, np.float64))
    suspect: Bool[Array, " fit_rows"] = field(default_factory=lambda: np.empty(0, np.bool_))
    keep: Bool[Array, " fit_rows"] = field(default_factory=lambda: np.empty(0, np.bool_))
    weight: Float32[Array, " fit_rows"] = field(default_factory=lambda: np.empty(0, np.float32))
    label: Int8[Array, " fit_rows"] = field(default_factory=lambda: np.empty(0, np.int8))
    n_flagged_buy: int = 0
    n_flagged_hold: int = 0
    noise: NoiseEstimate | None = None
    flip_rates: FlipRates | None = None


@typed
@dataclass(frozen=True, eq=False)
class CleanlabMasks:
    """The masks of one crypto: one per fold, cleaning variant and row factor that the variant changes."""

    masks: tuple[CleaningMask, ...]

    def find(self, fold: int, variant: str) -> tuple[CleaningMask, ...]:
        """Return the masks of a cell in the order in which they apply.

        Raises
        ------
        InputError
            The masks were made for other settings.
        """
        found = tuple(mask for mask in self.masks if (mask.fold, mask.variant) == (fold, variant))
        if not found:
            raise input_error("no cleaning mask for this cell", found=f"fold {fold}, {variant}")
        return found

    def validate(
        self,
        crypto: str,
        *,
        labels: Int8[Array, " rows"],
        fit_parts: Mapping[int, Array],
        suspect_cap: float,
        uncapped_cleaners: Collection[str] = (),
    ) -> None:
        """Raise where a mask covers other rows than its fit part, or does more than cleaning may.

        Parameters
        ----------
        crypto
            Named in the error.
        labels
            Hard labels of **all** rows, shape (n_rows,).
        fit_parts
            Row numbers of the fit part by fold.
        suspect_cap
            Largest share of each class of the fit part that may be suspect.
        uncapped_cleaners
            Cleaners whose suspects another rule than the share limits.

        Raises
        ------
        InputError
            Rows that are not exactly the fold's fit part (a leak, or a gap), probabilities or qualities
            outside [0, 1], dropped or relabelled rows that are not suspects, more suspects of a class than
            the cap allows or the cleaner flagged, weights that are negative or not finite, or rates that
            leave nothing of the labels.
        """
        for mask in self.masks:
            if mask.outcome.status == "ok":
                share = 1.0 if mask.cleaner in uncapped_cleaners else suspect_cap
                _require_valid(mask, crypto, labels, fit_parts, share)


def _require_valid(
    mask: CleaningMask, crypto: str, labels: Array, fit_parts: Mapping[int, Array], suspect_cap: float
) -> None:
    def broken(rule: str, found: object, allowed: str) -> InputError:
        where = f"{mask.cleaner} of fold {mask.fold}, variant {mask.variant}"
        return input_error(f"{where}: {rule}", crypto=crypto, found=found, allowed=allowed)

    if mask.fold not in fit_parts:
        raise broken("the sweep has no such fold", f"fold {mask.fold}", f"folds {sorted(fit_parts)}")
    fit_rows = fit_parts[mask.fold]
    if not np.array_equal(mask.rows, fit_rows):
        outside = len(np.setdiff1d(mask.rows, fit_rows))
        found = f"{outside} rows outside it" if outside else f"{len(mask.rows)} of {len(fit_rows)} rows"
        raise broken("a mask must cover every row of the fit part and no other", found, "the fit part")
    for name, values in (("probability", mask.probability), ("label quality", mask.label_quality)):
        if not is_share(values).all():
            raise broken(f"{name} must be in [0, 1]", float(values[is_share(values).argmin()]), "0 to 1")
    dropped = np.count_nonzero(~mask.keep & ~mask.suspect)
    if dropped:
        raise broken("only suspects may be dropped", f"{dropped} dropped rows that are not suspects", "0")
    given = labels[mask.rows]
    if not np.isin(mask.label, (0, 1)).all() or mask.label.shape != given.shape:
        raise broken("every row needs a hard label", f"{len(mask.label)} labels", "0 or 1 in every row")
    relabelled = np.count_nonzero((mask.label != given) & ~mask.suspect)
    if relabelled:
        raise broken("only suspects may be relabelled", f"{relabelled} other rows with another label", "0")
    rates = mask.flip_rates
    if rates is not None and not (min(rates.missed_buy, rates.false_buy) >= 0 and rates.kept > 0):
        raise broken("rates of wrong labels must be shares that add up to less than 1", rates, "below 1")
    for label, n_flagged in ((0, mask.n_flagged_hold), (1, mask.n_flagged_buy)):
        name, n_suspects = _CLASSES[label], int(np.count_nonzero(mask.suspect & (given == label)))
        limit = int(np.floor(suspect_cap * np.count_nonzero(given == label) + 1e-9))
        if n_suspects > limit:
            raise broken(f"too many suspects of {name} for the cap", n_suspects, f"at most {limit}")
        if n_suspects > n_flagged:
            raise broken(f"more suspects of {name} than were flagged", n_suspects, f"at most {n_flagged}")
    weighed = is_finite_amount(mask.weight)
    if not weighed.all():
        raise broken("weights must be finite and not negative", float(mask.weight[weighed.argmin()]), ">= 0")
