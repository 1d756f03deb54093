"""The folder that all processes of a user on a machine share, whatever their homes."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from ftf_assets.contracts.errors import StoreError


def machine_folder(name: str) -> Path:
    """Return a folder for lock files that belong to the machine, such as those of its cores; made if missing.

    It lies in ``XDG_RUNTIME_DIR``, else in the temporary folder. A home may lie on a disk that several
    machines share, and two homes may lie on one machine; neither says anything about cores.

    Parameters
    ----------
    name
        One plain word.

    Returns
    -------
    Path
        Readable by its owner only (mode 0700).

    Raises
    ------
    StoreError
        It cannot be made, or it belongs to somebody else.

    Notes
    -----
    systemd removes ``XDG_RUNTIME_DIR`` when its user logs out, also below a program that goes on. Ask for the
    folder again whenever a file in it is opened.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if Path(runtime).is_absolute() and os.access(runtime, os.W_OK | os.X_OK):
        base = Path(runtime) / "ftf"
    else:
        base = Path(tempfile.gettempdir()) / f"ftf-{os.getuid()}"
    folder = base / name
    try:
        base.mkdir(mode=0o700, exist_ok=True)
        found = base.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise StoreError(f"{base} is not a folder of this user. Remove it, or set XDG_RUNTIME_DIR.")
        base.chmod(0o700)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be made ({error.strerror}). Set XDG_RUNTIME_DIR to a folder of this user."
        ) from None
    return folder
