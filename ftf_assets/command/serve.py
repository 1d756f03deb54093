"""``ftf serve``: the reports of a home, for people who are not on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.shared_flags import home_option, host_option

if TYPE_CHECKING:
    from ftf_assets.storage.home import Home


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=3001, show_default=True, help="Port to listen on."
)
@host_option
@home_option
def serve(port: int, host: str, home: Home) -> int:
    """Serve the reports of the home, read-only, until Ctrl-C."""
    import signal

    from ftf_assets.serving.listening import Listening
    from ftf_assets.serving.report_address import reports_address
    from ftf_assets.serving.report_server import served_reports

    at = Listening.on(host, port)
    reports_address()  # refuses a wrong one before anything is served
    # Blocked before the server's thread starts and then waited for: a handler could strike between two steps.
    stops = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    with served_reports(home, at, "--port"):
        click.echo(f"Reports of {home.address} on http://{at}; stop with Ctrl-C")
        if not at.host.is_loopback:
            click.echo(
                f"Warning: anyone who can reach {at} can read every report of {home.address}. "
                "There is no password",
                err=True,
            )
        signal.sigwait(stops)
    return ExitCode.DONE
