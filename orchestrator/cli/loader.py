"""`mcutune loader`."""

from pathlib import Path

import click

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.errors import InputError


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="OUT.bin|OUT.elf")
@click.option("--board", "board_name", required=True, metavar="TYPE", help="Board type; `mcutune boards` lists them.")
def loader(file: Path, board_name: str) -> None:
    """Write the resident loader of a board type, to be installed once at the start of its flash (docs/boards.md).

    The suffix chooses the format: the bytes from the first address of the flash on, or an ELF file.
    """
    from orchestrator.toolchain.loader_image import loader_binary, loader_image

    board = load_board_type(board_name)
    if file.suffix not in (".bin", ".elf"):
        raise InputError(f"{file}: must end in .bin or .elf")
    content = loader_binary(board) if file.suffix == ".bin" else loader_image(board).read_bytes()
    try:
        file.write_bytes(content)
    except OSError as error:
        raise InputError(f"{file}: cannot be written: {error.strerror}") from error
    click.echo(f"{file}: resident loader of {board.name}, {len(loader_binary(board)):,} bytes of flash")
