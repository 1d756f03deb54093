"""What a report is made from besides the decision: the code that draws it, and the newest noise audit."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import re
from pathlib import Path

from ftf_assets.report.noise_audit import AuditData
from ftf_assets.training.keys import source_hash

TEMPLATE = "report.html.j2"

_STAMP = re.compile(r'<meta name="ftf-stamp" content="([0-9a-f]+)">')


def stamp(audit: AuditData) -> str:
    """Hash the code of the report and the audit that it shows; the decision has fingerprints of its own."""
    shown = json.dumps(dataclasses.asdict(audit), sort_keys=True, default=str)
    return hashlib.sha256(f"{_code()} {shown}".encode()).hexdigest()[:12]


def stamp_of(page: str) -> str | None:
    """Read the stamp of a written report; None where it has none."""
    found = _STAMP.search(page)
    return found.group(1) if found else None


@functools.cache
def _code() -> str:
    template = Path(__file__).with_name(TEMPLATE).read_bytes()
    return source_hash(("gate/*.py", "report/*.py")) + hashlib.sha256(template).hexdigest()
