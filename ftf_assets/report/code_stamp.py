"""The stamp of a report: which code drew it, and which noise audit it shows.

With the fingerprints of the decision, it tells whether a stored report is current.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import re
from pathlib import Path

from ftf_assets.report.data import AuditData
from ftf_assets.training.keys import source_hash

TEMPLATES = Path(__file__).with_name("templates")

#: The code that decides what a report shows. Its templates and style sheet are hashed too.
_CODE = ("audit/**/*.py", "gate/*.py", "report/**/*.py", "rows/*.py")

_STAMP = re.compile(r'<meta name="ftf-stamp" content="([0-9a-f]+)">')


def stamp(audit: AuditData) -> str:
    """Hash the code that draws a report and the audit that it shows, to 12 hex digits."""
    shown = json.dumps(dataclasses.asdict(audit), sort_keys=True, default=str)
    return hashlib.sha256(f"{_code()} {shown}".encode()).hexdigest()[:12]


def stamp_of(page: str) -> str | None:
    """Read the stamp of a written report; None if it has none."""
    found = _STAMP.search(page)
    return found.group(1) if found else None


@functools.cache
def _code() -> str:
    digest = hashlib.sha256(source_hash(_CODE).encode())
    for file in sorted(TEMPLATES.iterdir()):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
