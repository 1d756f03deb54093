"""The ``ftf`` command: its subcommands, and how errors are reported.

Heavy libraries are imported inside the subcommands.
"""

from __future__ import annotations

import atexit
import gc
import logging
import os
import sys
import warnings
from typing import NoReturn

import click

from ftf_assets import __version__
from ftf_assets.command.audit import audit
from ftf_assets.command.check import check
from ftf_assets.command.clean import clean
from ftf_assets.command.exit_codes import ExitCode
from ftf_assets.command.fetch import fetch
from ftf_assets.command.gate import gate
from ftf_assets.command.index import index
from ftf_assets.command.plan import plan
from ftf_assets.command.report import report
from ftf_assets.command.results import results
from ftf_assets.command.serve import serve
from ftf_assets.command.smoke import smoke
from ftf_assets.command.suspects import suspects
from ftf_assets.command.sweep import sweep
from ftf_assets.command.ui import ui

#: Collect garbage less often than Python, which looks for it after 700 new objects: imports create many
#: objects and no garbage. Without this and the freeze in ``running.child_processes`` a sweep takes 8 % more
#: wall time (median of three interleaved pairs).
_OBJECTS_BETWEEN_COLLECTIONS = 100_000


class _Subcommands(click.Group):
    def list_commands(self, _context: click.Context) -> list[str]:
        """Name the subcommands in the order in which people need them, instead of alphabetically."""
        return list(self.commands)


@click.group(
    cls=_Subcommands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    invoke_without_command=True,
)
@click.version_option(__version__, prog_name="ftf")
@click.pass_context
def cli(context: click.Context) -> None:
    """Measure whether treating label noise helps, and judge whether to act on it.

    Start with ftf sweep --trials 0: it runs on a simulated market and needs no data. Without --trials 0 it
    also tunes.

    Exit codes: 0 done; 1 a cell, a check or a run failed; 2 bad usage, bad input or a store that cannot be
    used; 130 interrupted.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


SUBCOMMANDS = (
    fetch,
    check,
    sweep,
    plan,
    gate,
    report,
    results,
    suspects,
    audit,
    smoke,
    ui,
    serve,
    index,
    clean,
)
for subcommand in SUBCOMMANDS:
    cli.add_command(subcommand)


def entry_point() -> None:
    """Run the command as the whole of a process: what ``ftf`` and ``python -m ftf_assets.command`` call.

    Python frees a million objects one by one before it ends, 0.6 to 0.9 s of processor time after a sweep
    and a sixth of a finished one. The process ends without that, once its threads are joined and the exit
    handlers registered since have run. Of those that were registered before, while this module was imported,
    only that of ``logging`` counts: it is shut down here.
    """
    codes: list[int] = []
    # The last handler to run is the first that was registered.
    atexit.register(_end_at_once, codes)
    try:
        main()
    except SystemExit as ended:
        if isinstance(ended.code, int):
            codes.append(ended.code)
        raise


def _end_at_once(codes: list[int]) -> None:
    if not codes:  # an error that Python prints
        return
    logging.shutdown()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # nobody reads any more, which Python reports
        return
    os._exit(codes[0])


def main() -> None:
    """Run the command and exit with its code; every refusal is one line on standard error."""
    from ftf_assets.contracts.errors import FtfError, Interrupted, RunError, shown

    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    # Deprecations in libraries concern developers, not the people who run a command.
    warnings.simplefilter("ignore", FutureWarning)
    try:
        code = cli.main(standalone_mode=False)
    except click.UsageError as error:
        _refuse(error.format_message(), ExitCode.BAD_INPUT)
    except click.Abort:
        sys.exit(ExitCode.INTERRUPTED)
    except Interrupted as stopped:
        _refuse(
            str(stopped)
            or "interrupted. Finished fits are kept; run the same command again to go on from them",
            ExitCode.INTERRUPTED,
        )
    except FtfError as error:
        _refuse(str(error), ExitCode.FAILED if isinstance(error, RunError) else ExitCode.BAD_INPUT)
    except OSError as error:
        # The file system refused somewhere that raises no error of this project.
        named = f"{shown(error.filename)}: " if error.filename else ""
        _refuse(f"{named}{error.strerror or error}", ExitCode.BAD_INPUT)
    sys.exit(code or ExitCode.DONE)


def _refuse(message: str, code: ExitCode) -> NoReturn:
    click.echo("ftf: " + " ".join(message.split()), err=True)
    sys.exit(code)
