"""Whether an audit shows that a sweep's cleaners find wrong labels on its data. The gate warns where not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ftf_assets.audit.treatments import TREATMENTS
from ftf_assets.contracts.typed import typed


@typed
def untrusted_cleaning(
    levels: Sequence[str], arrays_keys: Mapping[str, str], found: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Say where the gate judges cleaning levels although no audit supports their cleaner.

    Parameters
    ----------
    levels
        Levels of the factor cleanlab that the sweep compares.
    arrays_keys
        Key of the rows that an audit must have used, by crypto of the sweep.
    found
        Rows of ``noise_audit`` of these keys.

    Returns
    -------
    list of str
        A warning for the cryptos without an audit, and one for each cleaner and the cryptos on which it beats
        the controls for no kind of noise, in neither observed class. Empty where there is nothing to warn of.
    """
    cleaners: dict[str, list[str]] = {}
    for level in levels:
        if level in TREATMENTS and not TREATMENTS[level].control:
            cleaners.setdefault(TREATMENTS[level].detector, []).append(level)
    if not cleaners:
        return []
    by_crypto = {
        crypto: [row for row in found if row["arrays_key"] == key] for crypto, key in arrays_keys.items()
    }
    warnings, n_levels = [], sum(map(len, cleaners.values()))
    unaudited = [crypto for crypto, rows in by_crypto.items() if not rows]
    if unaudited:
        warnings.append(
            f"no noise audit of these data yet ({', '.join(unaudited)}), so whether "
            f"{' and '.join(level for of in cleaners.values() for level in of)} "
            f"{'finds' if n_levels == 1 else 'find'} real errors is unknown. "
            "Run ftf audit with this sweep's --source, --path and --crypto, or the job ftf_audit in the UI"
        )
    for cleaner, its_levels in cleaners.items():
        beaten = [crypto for crypto, rows in by_crypto.items() if rows and not _beats(cleaner, rows)]
        if beaten:
            warnings.append(
                f"in the noise audit of {', '.join(beaten)}, {cleaner} beats the controls for no kind of "
                f"noise, so nothing shows that {' and '.join(its_levels)} "
                f"{'finds' if len(its_levels) == 1 else 'find'} real errors there"
            )
    return warnings


def _beats(cleaner: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    return any(row["detector"] == cleaner and row["beats_controls"] is True for row in rows)
