"""`mcutune`: the group of commands and how errors end."""

import sys

import click

from orchestrator import __version__
from orchestrator.cli.agent import agent
from orchestrator.cli.board_sim import board_sim
from orchestrator.cli.boards import boards
from orchestrator.cli.compile import compile_command
from orchestrator.cli.loader import loader
from orchestrator.cli.measure import measure
from orchestrator.cli.submit import submit
from orchestrator.cli.sweep import sweep
from orchestrator.domain.errors import InputError, McutuneError

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mcutune")
def commands() -> None:
    """Search for neural networks that fit a microcontroller, by measuring them on the board.

    \b
    mcutune sweep EXPERIMENT.yaml              search, measure, train, verify, log to MLflow
    mcutune measure MODEL.tflite --board TYPE  RAM, flash, cycles and parity of one network
    mcutune compile MODEL.tflite --board TYPE  a C library for a project of your own
    mcutune boards [show TYPE]                 the board types there are, or all about one
    mcutune boards scan, mcutune boards check  draft a hardware map of the kits plugged in; try each
    mcutune boards wear                        how often each unit's flash was erased
    mcutune loader OUT.bin --board TYPE        the resident loader, to be installed once on a board
    mcutune board-sim --type TYPE              a virtual board to talk to by hand
    mcutune submit EXPERIMENT.yaml ...         a sweep on a Ray cluster that goes on without this computer
    mcutune agent --address HEAD               serve this host's boards to a Ray cluster
    """


commands.add_command(sweep)
commands.add_command(submit)
commands.add_command(measure)
commands.add_command(compile_command)
commands.add_command(boards)
commands.add_command(loader)
commands.add_command(board_sim)
commands.add_command(agent)


def main() -> None:
    """Run a command; exit code 0 done, 1 failed, 2 bad input, 130 interrupted. Our errors take one line."""
    verbose = "--verbose" in sys.argv[1:]
    try:
        commands(standalone_mode=False)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_BAD_INPUT)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except McutuneError as error:
        if verbose:
            raise
        click.echo(f"mcutune: {error}", err=True)
        sys.exit(EXIT_BAD_INPUT if isinstance(error, InputError) else EXIT_FAILED)
