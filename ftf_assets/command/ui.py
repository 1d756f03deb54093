"""``ftf ui``: the Dagster UI on this project's instance."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.shared_flags import home_option

if TYPE_CHECKING:
    from ftf_assets.storage.home import Home

LOOPBACK = "127.0.0.1"


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Port to listen on."
)
@click.option(
    "--host",
    default=LOOPBACK,
    show_default=True,
    help="IP address to listen on. Any other than 127.0.0.1 lets that network in, without a password.",
)
@home_option
def ui(port: int, host: str, home: Home) -> int:
    """Serve the Dagster UI on this machine until Ctrl-C."""
    import ipaddress

    from ftf_assets.graph.instance import open_instance
    from ftf_assets.graph.instance_settings import DAGSTER_HOME, instance_settings
    from ftf_assets.graph.run_processes import LOCATION
    from ftf_assets.storage.home import HOME_VARIABLE

    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise click.UsageError(f"--host takes an IP address such as {LOOPBACK}, found {host!r}") from None
    settings = instance_settings(home)
    with open_instance(home):
        pass  # creates the instance and closes runs whose process is gone, before the server reads it
    shown = f"[{address}]" if address.version == 6 else str(address)
    click.echo(f"Dagster UI on http://{shown}:{port}, home {home.address}; stop with Ctrl-C")
    if not address.is_loopback:
        click.echo(
            f"Warning: anyone who can reach {shown}:{port} can see every setting, log and result in "
            f"{home.address}, start and stop runs, and read any folder of candles that this user can read. "
            "There is no password",
            err=True,
        )
    command = [sys.executable, "-m", "dagster", "dev", "-h", str(address), "-p", str(port), "-m", LOCATION]
    return serve(command, {DAGSTER_HOME: str(settings.folder), HOME_VARIABLE: home.address})


def serve(command: list[str], environment: Mapping[str, str]) -> int:
    """Run a server until it ends or a signal stops it; give its exit code, ``DONE`` after a signal.

    The server gets a process group of its own, so that Ctrl-C reaches it once, through us. Our own handlers
    are also needed where a shell starts ``ftf ui`` in the background: its children would ignore SIGINT.
    """
    import signal
    import subprocess

    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True
        server.send_signal(signal.SIGINT)

    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, stop)
    server = subprocess.Popen(command, process_group=0, env={**os.environ, **environment})  # noqa: S603  our own interpreter and arguments
    code = server.wait()
    return ExitCode.DONE if stopped else code
