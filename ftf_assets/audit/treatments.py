"""What is done about suspects before a model is trained: the levels of the factor cleanlab."""

from __future__ import annotations

from dataclasses import dataclass

from ftf_assets.audit.detector import Evidence
from ftf_assets.contracts.typed import Array, Float32, typed
from ftf_assets.labels.cleaning import cap_per_class, clean
from ftf_assets.labels.confident_learning import LabelQuality, flag_label_issues, label_quality
from ftf_assets.labels.factor import TreatedRows


@dataclass(frozen=True)
class Treatment:
    """A level of the factor cleanlab whose effect on a model is measured.

    Attributes
    ----------
    name
        The level.
    detector
        The detector whose suspects it treats.
    control
        Whether it is what the others must beat.
    own_fit
        Whether it leaves other rows than every treatment before it.
    """

    name: str
    detector: str
    control: bool = False
    own_fit: bool = True


RANDOM, LOWEST_P = "filter_random", "filter_lowest_p"

TREATMENTS: dict[str, Treatment] = {
    one.name: one
    for one in (
        Treatment("filter", "cleanlab"),
        Treatment("reweight", "cleanlab"),
        Treatment(RANDOM, "cleanlab", control=True),
        # Within a class cleanlab's order is that of P, so for its suspects this control drops the same rows.
        Treatment(LOWEST_P, "cleanlab", control=True, own_fit=False),
    )
}


@typed
def treat(
    treatment: Treatment,
    evidence: Evidence,
    base_weight: Float32[Array, " rows"],
    *,
    cap: float,
    quality_method: LabelQuality,
    seed: int,
) -> TreatedRows:
    """Clean the fit part as a sweep does.

    Parameters
    ----------
    treatment
        What to do.
    evidence
        Given labels and out-of-fold probabilities of the fit part.
    base_weight
        Weights of its rows, shape (n_rows,).
    cap, quality_method
        Cap a class and label quality of the sweep.
    seed
        Of the random control.

    Raises
    ------
    CellError
        Stage ``cleaning``, as in a sweep.
    """
    y, probability = evidence.y, evidence.probability_of("time_blocks")
    quality = label_quality(y, probability, quality_method)
    return clean(
        treatment.name,
        y=y,
        suspect=cap_per_class(flag_label_issues(y, probability), quality, y, cap),
        quality=quality,
        probability=probability,
        base_weight=base_weight,
        seed=seed,
    )
