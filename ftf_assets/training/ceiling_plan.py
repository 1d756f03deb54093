"""Which doses of noise the label ceiling trains on, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ftf_assets.contracts.typed import typed
from ftf_assets.labels.added_noise import HitPattern

#: Two doses and the untouched labels: the fewest points through which a curve can bend.
FEWEST_EXPOSURES = 2


@dataclass(frozen=True)
class AddedNoise:
    """What is done to the labels of a fit part.

    Attributes
    ----------
    pattern
        ``none`` leaves the observed labels; ``independent`` and ``bursts`` add noise to them, see
        :func:`~ftf_assets.labels.added_noise.draw_hits`; ``truth`` replaces them by the true ones.
    exposure
        Dose of the added noise; 0 for ``none`` and ``truth``.
    """

    pattern: Literal["none", "independent", "bursts", "truth"]
    exposure: float = 0.0


NO_NOISE, TRUTH = AddedNoise("none"), AddedNoise("truth")


@typed
@dataclass(frozen=True)
class CeilingPlan:
    """The doses of noise of a label ceiling.

    Attributes
    ----------
    patterns, exposures
        Every pattern is drawn at every exposure.
    repeats
        Draws of the noise; repeat r has the seed of the baseline's r-th fit.
    truth
        Whether to train on the true labels too: only a simulated market knows them.
    """

    patterns: tuple[HitPattern, ...] = ("independent",)
    exposures: tuple[float, ...] = (0.4, 0.8, 1.6)
    repeats: int = 1
    truth: bool = False

    def fits(self) -> Iterator[tuple[AddedNoise, int]]:
        """Yield each dose of noise and repeat of one fold, the untouched labels first."""
        doses = [NO_NOISE, *(AddedNoise(one, u) for one in self.patterns for u in self.exposures)]
        for noise in (*doses, *([TRUTH] if self.truth else [])):
            for repeat in range(self.repeats):
                yield noise, repeat
