"""The baseline of each fold: boosting rounds and hyper-parameters that all variants of the fold share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ftf_assets.contracts.bundles.outcome import Outcome
from ftf_assets.contracts.errors import input_error

Bounds = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class FoldBaseline:
    """Hyper-parameters and rounds of one fold's baseline, held fixed for all variants of the fold.

    Attributes
    ----------
    fold
        Number of the walk-forward fold, from 0.
    outcome
        If it is not ``ok``, no cell of the fold can be trained.
    rounds
        Boosting rounds, found by early stopping on the validation slice.
    parameters
        XGBoost parameters.
    provenance
        Where the parameters come from: ``default`` or ``tuned``.
    n_trials
        Number of tuning trials.
    fit_key
        Key of the baseline's fit, which is also the model of the baseline cell.
    best_trial
        Number of the trial that ``parameters`` come from; 0 is the defaults.
    roc_auc, default_roc_auc
        The value that tuning maximises, the mean ROC AUC over inner folds and seeds, for the chosen
        parameters and for the defaults; None without tuning.
    """

    fold: int
    outcome: Outcome
    rounds: int = 0
    parameters: dict[str, float | int | str] = field(default_factory=dict)
    provenance: str = "default"
    n_trials: int = 0
    fit_key: str = ""
    best_trial: int = 0
    roc_auc: float | None = None
    default_roc_auc: float | None = None


@dataclass(frozen=True)
class BaselineParameters:
    """The baselines of one crypto, one per fold."""

    folds: tuple[FoldBaseline, ...]

    def validate(
        self,
        crypto: str,
        *,
        n_folds: int,
        min_rounds: int,
        max_rounds: int,
        n_trials: int = 0,
        search_space: Bounds | None = None,
    ) -> None:
        """Raise where a fold is missing or a baseline is out of its bounds.

        Parameters
        ----------
        crypto
            Named in the error.
        n_folds
            Number of folds of the sweep.
        min_rounds, max_rounds
            Bounds of the boosting rounds, inclusive.
        n_trials
            Tuning trials that every baseline must have had; 0 without tuning.
        search_space
            Bounds of each tuned parameter, inclusive.

        Raises
        ------
        InputError
            A missing fold, rounds or tuned parameters out of bounds, an unknown provenance or one that does
            not match the number of trials, or tuned parameters that score below the defaults.
        """
        found = [baseline.fold for baseline in self.folds]
        if found != list(range(n_folds)):
            raise input_error(
                "every fold needs one baseline, in order",
                crypto=crypto,
                found=f"folds {found}",
                allowed=f"folds 0 to {n_folds - 1}",
            )
        for baseline in self.folds:
            if baseline.outcome.status != "ok":
                continue
            if not min_rounds <= baseline.rounds <= max_rounds:
                raise input_error(
                    f"the boosting rounds of fold {baseline.fold} are out of bounds",
                    crypto=crypto,
                    found=baseline.rounds,
                    allowed=f"{min_rounds} to {max_rounds}",
                )
            if baseline.provenance not in ("default", "tuned") or not baseline.parameters:
                raise input_error(
                    f"the parameters of fold {baseline.fold} do not say whether they are defaults or tuned",
                    crypto=crypto,
                    found=f"{len(baseline.parameters)} parameters from {baseline.provenance!r}",
                    allowed="parameters from 'default' or 'tuned'",
                )
            if baseline.n_trials != n_trials or (baseline.provenance == "tuned") != (n_trials > 0):
                raise input_error(
                    f"the parameters of fold {baseline.fold} were tuned with a different number of trials",
                    crypto=crypto,
                    found=f"{baseline.provenance}, {baseline.n_trials} trials",
                    allowed=f"{n_trials} trials",
                )
            if baseline.provenance == "tuned":
                _require_searched(crypto, baseline, search_space or {})


def _require_searched(crypto: str, baseline: FoldBaseline, search_space: Bounds) -> None:
    for name, (low, high) in search_space.items():
        value = baseline.parameters.get(name)
        if not isinstance(value, int | float) or not low <= value <= high:
            raise input_error(
                f"tuned parameters of fold {baseline.fold} are out of bounds",
                crypto=crypto,
                column=name,
                found=value,
                allowed=f"{low:g} to {high:g}",
            )
    chosen, default = baseline.roc_auc, baseline.default_roc_auc
    if chosen is None or default is None or not 0 <= default <= chosen <= 1:
        raise input_error(
            f"the tuned parameters of fold {baseline.fold} score below the defaults",
            crypto=crypto,
            found=f"ROC AUC {chosen}",
            allowed=f"{default} to 1",
        )
