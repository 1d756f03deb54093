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
def parse_kinds(text: str) -> tuple[str, ...]:
    """Read ``independent,bursts`` into names in the registry's order; an empty text names them all.

    Raises
    ------
    InputError
        An unknown kind.
    """
    named = {word.strip() for word in text.split(",") if word.strip()}
    for name in sorted(named - set(NOISE_KINDS)):
        raise input_error("unknown kind of noise", found=repr(name), allowed=", ".join(NOISE_KINDS))
    return tuple(name for name in NOISE_KINDS if not named or name in named)
