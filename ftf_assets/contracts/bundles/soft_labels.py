"""The labels that models are trained on, one array a label treatment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array, Float32, Int8, typed


@typed
@dataclass(frozen=True, eq=False)
class SmoothedLabels:
    """Soft labels per label treatment, each of shape (n_rows,), aligned with the training arrays.

    Attributes
    ----------
    levels
        Keys are names of variants that change only label factors; ``baseline`` holds the hard labels as
        float32.
    """

    levels: dict[str, Float32[Array, " _"]]

    def validate(
        self,
        crypto: str,
        *,
        labels: Int8[Array, " rows"],
        soft_labels: Mapping[str, Array],
        relabelling_treatments: tuple[str, ...] = (),
    ) -> None:
        """Raise where a treatment is missing or its labels are wrong.

        Parameters
        ----------
        crypto
            Named in the error.
        labels
            Hard labels, shape (n_rows,).
        soft_labels
            Expected soft labels of every treatment of the sweep, recomputed from ``labels``.
        relabelling_treatments
            Treatments that replace the labels by the true ones, so that a BUY may become a HOLD.

        Raises
        ------
        InputError
            A missing treatment, a wrong length, a label on the wrong side of one half (BUY must stay above
            it, HOLD below), or any other value than expected.
        """
        for level, expected in soft_labels.items():
            if level not in self.levels:
                raise input_error(
                    "every label treatment of the sweep needs its soft labels",
                    crypto=crypto,
                    column=level,
                    found="none",
                )
            soft = self.levels[level]
            if soft.shape != labels.shape:
                raise input_error(
                    "every row needs one soft label",
                    crypto=crypto,
                    column=level,
                    found=f"{len(soft)} labels for {len(labels)} rows",
                )
            same_class = np.where(labels == 1, (soft > 0.5) & (soft <= 1), (soft >= 0) & (soft < 0.5))
            wrong = (soft != expected) | (~same_class & (level not in relabelling_treatments))
            if wrong.any():
                row = int(wrong.argmax())
                raise input_error(
                    "a soft label must equal its treatment's value and stay on its side of 0.5",
                    crypto=crypto,
                    column=level,
                    row=row,
                    found=soft[row],
                    allowed=f"{expected[row]:g}, {'above' if labels[row] == 1 else 'below'} 0.5",
                )
