"""``ftf ui``: the Dagster UI on this project's instance."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.shared_flags import home_option, host_option
from ftf_assets.contracts.errors import input_error

if TYPE_CHECKING:
    from ftf_assets.storage.home import Home

_LAST_PORT = 65_535


@click.command()
@click.option(
    "--port", type=click.IntRange(1, _LAST_PORT), default=3000, show_default=True, help="Port to listen on."
)
@click.option(
    "--report-port",
    type=click.IntRange(1, _LAST_PORT),
    help="Port on which the home's reports are served. [default: the one after --port]",
)
@host_option
@home_option
def ui(port: int, report_port: int | None, host: str, home: Home) -> int:
    """Serve the Dagster UI on this machine, and the home's reports beside it, until Ctrl-C."""
    from ftf_assets.graph.instance import open_instance
    from ftf_assets.graph.instance_settings import DAGSTER_HOME, instance_settings
    from ftf_assets.graph.run_processes import LOCATION
    from ftf_assets.serving.listening import Listening
    from ftf_assets.serving.report_address import ADDRESS_VARIABLE, reports_address
    from ftf_assets.serving.report_server import served_reports
    from ftf_assets.storage.home import HOME_VARIABLE

    at, reports = Listening.on(host, port), Listening.on(host, port_of_reports(port, report_port))
    named = reports_address() is not None
    at.open("--port").close()  # Dagster would start other processes first, and say it in a traceback
    settings = instance_settings(home)
    with served_reports(home, reports, "--report-port"):
        with open_instance(home):
            pass  # creates the instance and closes runs whose process is gone, before the server reads it
        click.echo(
            f"Dagster UI on http://{at}, reports on http://{reports}, home {home.address}; stop with Ctrl-C"
        )
        if not at.host.is_loopback:
            click.echo(
                f"Warning: anyone who can reach {at} can see every setting, log and result in "
                f"{home.address}, start and stop runs, and read any folder of candles that this user can "
                "read. There is no password",
                err=True,
            )
        if at.host.is_unspecified and not named:
            click.echo(
                f"Links to reports name {reports.url_here}, which opens on this machine only; set "
                f"{ADDRESS_VARIABLE} to the address by which others reach port {reports.port}",
                err=True,
            )
        command = [
            sys.executable,
            *("-W", "ignore:Function `dev_command` is superseded"),  # its successor needs a project's folder
            "-m",
            "dagster",
            "dev",
            "-h",
            str(at.host),
            "-p",
            str(port),
            "-m",
            LOCATION,
        ]
        environment = {DAGSTER_HOME: str(settings.folder), HOME_VARIABLE: home.address}
        if not named:
            environment[ADDRESS_VARIABLE] = reports.url_here
        return serve(command, environment)


def port_of_reports(port: int, given: int | None) -> int:
    """Give the port of the reports: the one given, else the one after the UI's.

    Raises
    ------
    InputError
        It is the UI's own, or there is none after it.
    """
    chosen = port + 1 if given is None else given
    if chosen == port or chosen > _LAST_PORT:
        raise input_error(
            "the reports need a port of their own",
            found=f"--port {port}" if given is None else f"--port {port} --report-port {given}",
            allowed=f"another --report-port, up to {_LAST_PORT}",
        )
    return chosen


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
