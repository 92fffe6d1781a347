"""`mcutune compile`."""

from pathlib import Path

import click

from orchestrator.cli.logs import send_logs_to
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.errors import InputError


@click.command(name="compile")
@click.argument("model", type=click.Path(path_type=Path), metavar="MODEL.tflite")
@click.option("--board", "board_name", required=True, metavar="TYPE", help="Board type; `mcutune boards` lists them.")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="New or empty folder.")
@click.option("--name", metavar="NAME", help="Prefix of files and functions; by default after the model's file.")
@click.option(
    "--samples", type=click.IntRange(1, 100), default=4, show_default=True, help="Inputs that the self-test runs."
)
@click.option("--verbose", is_flag=True, help="Show log lines, and the trace of an error.")
def compile_command(model: Path, board_name: str, out: Path, name: str | None, samples: int, verbose: bool) -> None:
    """Compile an int8 or 16x8 .tflite to a C library for a project of your own.

    Writes the network as C, the kernels it needs, a documented header, files for CMake, Zephyr and make, an example
    and a self-test whose expected outputs come from TFLM, or from the host build where TFLM does not run the model. The
    library fits any core; the board type decides for which one its README gives RAM and flash. Nothing is written when
    the model is refused.
    """
    from orchestrator.export import LibraryName, export_library
    from orchestrator.export.library import check_is_free

    send_logs_to(None, verbose)
    library_name = LibraryName(name) if name else LibraryName.of_file(model)
    board = load_board_type(board_name)
    check_is_free(out)
    export = export_library(_read(model), board, library_name, samples)
    export.write(out)
    network, kernels = export.figures.network, export.figures.kernels
    click.echo(
        f"{out}: library {library_name.text}, {len(export.files)} files; for {board.core} "
        f"{(network.flash_bytes + kernels.flash_bytes) / 1024:.1f} KiB flash, "
        f"{(network.ram_bytes + kernels.ram_bytes) / 1024:.1f} KiB RAM without stack; {out / 'README.md'} says how to "
        "use it"
    )
    if export.self_test.refusal:
        click.echo(f"the self-test expects what the host build computes: {export.self_test.refusal}")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
