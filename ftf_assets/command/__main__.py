"""``python -m ftf_assets.command`` is ``ftf``."""

from ftf_assets.command.main import main

main()
