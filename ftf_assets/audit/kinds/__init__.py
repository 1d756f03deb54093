"""The registry of noise kinds: a new one is one module and one line here."""

from __future__ import annotations

from ftf_assets.audit.kinds.bursts import BLOCK_COPY, BURSTS, PARTIAL_BURSTS
from ftf_assets.audit.kinds.known_truth import KNOWN_TRUTH
from ftf_assets.audit.kinds.mechanism import LABEL_JITTER, NEAR_BARRIER
from ftf_assets.audit.kinds.scattered import INDEPENDENT, MISSED_BUYS, NONE
from ftf_assets.audit.noise import NoiseKind
from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import typed

NOISE_KINDS: dict[str, NoiseKind] = {
    kind.name: kind
    for kind in (
        NONE,
        INDEPENDENT,
        BURSTS,
        PARTIAL_BURSTS,
        BLOCK_COPY,
        MISSED_BUYS,
        LABEL_JITTER,
        NEAR_BARRIER,
        KNOWN_TRUTH,
    )
}


@typed
def chosen_kinds(names: tuple[str, ...] | None) -> tuple[str, ...]:
    """Put the names of noise kinds into the registry's order; None chooses all of them.

    Raises
    ------
    InputError
        An unknown kind, or no kind at all.
    """
    if names is None:
        return tuple(NOISE_KINDS)
    for name in names:
        if name not in NOISE_KINDS:
            raise input_error("unknown kind of noise", found=repr(name), allowed=", ".join(NOISE_KINDS))
    if not names:
        raise input_error("an audit needs at least one kind of noise", allowed=", ".join(NOISE_KINDS))
    return tuple(name for name in NOISE_KINDS if name in names)
