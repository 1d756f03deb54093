"""The rows of a fit part, as factors see them and as they return them."""

from __future__ import annotations

from dataclasses import dataclass

from ftf_assets.contracts.arrays import CandleArrays, TrainingArrays
from ftf_assets.contracts.bundles import FlipRates, NoiseEstimate
from ftf_assets.contracts.typed import Array, Bool, Float32, Float64, Int8, Int64, typed


@typed
@dataclass(frozen=True, eq=False)
class FitRows:
    """What a treatment may know of the rows that a fit trains on; arrays of shape (n_rows,), no features.

    All of it is known without what the fit holds out, because the label intervals of training rows touch none
    of it. The stability of a label may be known later than the label, hence ``stability_known``.

    Attributes
    ----------
    y
        Hard labels, int8, 1 = BUY, 0 = HOLD.
    start, end
        Interval in which each label comes about, int64, nanoseconds since the epoch, UTC: from the close of
        the row's bar to when the label is known.
    label_return
        Return from entry to exit, float32, before costs; 0.01 is 1 %.
    base_weight
        Weights that the rows came with, float32; ones where the source has none.
    label_stability
        Share of slightly different barriers that give the same label, float32, 0 to 1; None where the source
        has none.
    stability_known
        Whether each row's stability is known without what is held out, shape (n_rows,). A treatment must not
        look at the stability of any other row. None if the source does not say when stabilities are known.
    bar
        Length of a bar in nanoseconds.
    """

    y: Int8[Array, " rows"]
    start: Int64[Array, " rows"]
    end: Int64[Array, " rows"]
    label_return: Float32[Array, " rows"]
    base_weight: Float32[Array, " rows"]
    label_stability: Float32[Array, " rows"] | None
    stability_known: Bool[Array, " rows"] | None
    bar: int

    @classmethod
    def of(
        cls,
        arrays: TrainingArrays,
        rows: Int64[Array, " fit"],
        bar: int,
        stability_known: Bool[Array, " fit"] | None = None,
    ) -> FitRows:
        """Select rows of the training arrays by position."""
        stability = arrays.label_stability
        return cls(
            y=arrays.y[rows],
            start=arrays.start[rows],
            end=arrays.end[rows],
            label_return=arrays.label_return[rows],
            base_weight=arrays.base_weight[rows],
            label_stability=None if stability is None else stability[rows],
            stability_known=stability_known,
            bar=bar,
        )


@typed
@dataclass(frozen=True, eq=False)
class JudgedRows:
    """A fit part with its out-of-fold probabilities: the input of a judge.

    Attributes
    ----------
    rows
        The rows of the fit part.
    probability
        Out-of-fold P(BUY), float64, shape (n_rows,): no row's probability comes from a model that saw the
        row. The models trained on the variant's own labels and weights.
    weight
        Weight of each row, float32, shape (n_rows,), after the variant's weight factors and any earlier row
        factor.
    seed
        Seed of random choices, the same for all variants of a (crypto, fold).
    candles
        Bars of the crypto; None if no level of the sweep needs them.

    Warnings
    --------
    Only candles that closed by the latest label end of the rows may be read. Later ones are the future of the
    training window.
    """

    rows: FitRows
    probability: Float64[Array, " rows"]
    weight: Float32[Array, " rows"]
    seed: int
    candles: CandleArrays | None = None


@typed
@dataclass(frozen=True, eq=False)
class Judgement:
    """What a judge says about the labels of a fit part; arrays of shape (n_rows,).

    Attributes
    ----------
    label_quality
        Agreement of each given label with the judge, float64, in [0, 1]; low is suspect.
    flagged
        Rows that the judge considers mislabelled, bool, before the cap.
    suspect
        Flagged rows, bool, that remain under the cap of their class.
    noise
        The judge's estimate of the noise as a whole; None if it makes none.
    flip_rates
        The judge's estimate of the rates of wrong labels, for a forward correction; None if it makes none.
    """

    label_quality: Float64[Array, " rows"]
    flagged: Bool[Array, " rows"]
    suspect: Bool[Array, " rows"]
    noise: NoiseEstimate | None = None
    flip_rates: FlipRates | None = None


@typed
@dataclass(frozen=True, eq=False)
class TreatedRows:
    """What a row factor makes of a fit part; arrays of shape (n_rows,).

    Attributes
    ----------
    suspect
        Rows that the level treats, bool: the judge's suspects, or as many other rows where the level is a
        control.
    keep
        Rows that stay in the fit part, bool. Only suspects may leave it.
    weight
        Training weight of each row, float32, dropped rows included.
    label
        Hard label that each row trains with, int8, where suspects get another one; None leaves all as they
        were.
    flip_rates
        Rates of wrong labels that the model's loss is corrected for; None leaves the loss as it is.
    """

    suspect: Bool[Array, " rows"]
    keep: Bool[Array, " rows"]
    weight: Float32[Array, " rows"]
    label: Int8[Array, " rows"] | None = None
    flip_rates: FlipRates | None = None
