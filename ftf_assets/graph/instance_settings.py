"""Where a home's Dagster records lie: in the home, or where a ``dagster.yaml`` of the user's says."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ftf_assets.storage.home import Home

SETTINGS_FILE = "dagster.yaml"
DAGSTER_HOME = "DAGSTER_HOME"

#: Our own settings. The first line of the file tells it from one of the user's.
TEMPLATE = Path(__file__).with_name(SETTINGS_FILE)
#: Names of variables whose values are never shown.
_SECRET_NAMES = re.compile("PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL|ACCESS_KEY|_KEY$|_URL$|_DSN$")
_PASSWORD_IN_ADDRESS = re.compile(r"(://[^\s/@:]*):[^\s/@]+@")


@dataclass(frozen=True)
class InstanceSettings:
    """The folder of a Dagster instance, and whether its ``dagster.yaml`` is the user's.

    Attributes
    ----------
    folder
        What Dagster calls ``DAGSTER_HOME``.
    of_user
        Whether the user wrote the settings: they are used as they are and never replaced.
    """

    folder: Path
    of_user: bool

    @property
    def file(self) -> Path:
        """The file of the settings."""
        return self.folder / SETTINGS_FILE

    @property
    def exists(self) -> bool:
        """Whether there may be records: always where the user says where they lie."""
        return self.of_user or (self.folder / "history" / "runs" / "index.db").is_file()


def instance_settings(home: Home) -> InstanceSettings:
    """Find the settings of a home's instance.

    Returns
    -------
    InstanceSettings
        A ``dagster.yaml`` of the user's in ``<home>/dagster``, else one in ``DAGSTER_HOME``, else ours.
    """
    own = home.dagster
    if _of_user(own):
        return InstanceSettings(own, of_user=True)
    named = os.environ.get(DAGSTER_HOME)
    if named and _of_user(Path(named)):
        return InstanceSettings(Path(named).absolute(), of_user=True)
    return InstanceSettings(own, of_user=False)


def without_secrets(text: str) -> str:
    """Replace passwords in addresses, and the values of variables that hold secrets, by ``***``.

    Examples
    --------
    >>> without_secrets("postgresql+psycopg2://ftf:opensesame@db:5432/dagster refused the connection")
    'postgresql+psycopg2://ftf:***@db:5432/dagster refused the connection'
    """
    secrets = {
        value for name, value in os.environ.items() if len(value) > 3 and _SECRET_NAMES.search(name.upper())
    }
    text = _PASSWORD_IN_ADDRESS.sub(r"\1:***@", text)
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _of_user(folder: Path) -> bool:
    try:
        first_line = (folder / SETTINGS_FILE).read_bytes().partition(b"\n")[0]
    except (FileNotFoundError, NotADirectoryError):
        return False
    return first_line != TEMPLATE.read_bytes().partition(b"\n")[0]
