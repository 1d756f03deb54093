"""``python -m ftf_assets.command`` is ``ftf``."""

from ftf_assets.command.main import entry_point

entry_point()
