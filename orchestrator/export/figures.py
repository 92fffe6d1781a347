"""What a library takes of flash and RAM, by the size tool of the board's toolchain."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import ToolchainError
from orchestrator.toolchain.archive import WARNINGS, Compiler, run_tool
from orchestrator.toolchain.link import network_compiler


@dataclass(frozen=True)
class Size:
    """Bytes of one part: programmed into flash, and taken of RAM while the program runs."""

    flash_bytes: int
    ram_bytes: int


@dataclass(frozen=True)
class Figures:
    """The network with its interface, and the kernels.

    Attributes:
        tool, compiler: where the figures come from.
        cpu_flags: GCC's options for the board's core.
        compile_flags: GCC's options that kernels and networks are made for on every core.
    """

    network: Size
    kernels: Size
    tool: str
    compiler: str
    cpu_flags: str
    compile_flags: str


def measure_library(files: dict[str, str], name: str, board: BoardType) -> Figures:
    """Compile the library's C files for the board's core, without the self-test, and sum up their sections.

    Raises:
        ToolchainError: the cross compiler is missing or rejects a file.
    """
    compiler = network_compiler(board)
    with tempfile.TemporaryDirectory(prefix="mcutune-export-") as folder:
        root = Path(folder)
        _write(files, root)
        network = _size_of(compiler, root, [root / f"{name}.c", root / f"{name}_self_test.c"])
        kernels = _size_of(compiler, root, sorted((root / "runtime").glob("*.c")))
    return Figures(
        network=network,
        kernels=kernels,
        tool=compiler.tool("size"),
        compiler=run_tool([compiler.tool("gcc"), "--version"]).splitlines()[0],
        cpu_flags=_flags(compiler, ("-mcpu", "-mfpu", "-mfloat-abi")),
        compile_flags=_flags(compiler, ("-O", "-f")),
    )


def _flags(compiler: Compiler, kinds: tuple[str, ...]) -> str:
    return " ".join(flag for flag in compiler.flags if flag.startswith(kinds))


def _write(files: dict[str, str], root: Path) -> None:
    (root / "runtime").mkdir()
    for path, text in files.items():
        if path.endswith((".c", ".h")) and Path(path).parent.name in ("", "runtime"):
            (root / path).write_text(text, encoding="utf-8")


def _size_of(compiler: Compiler, root: Path, sources: list[Path]) -> Size:
    objects = []
    for source in sources:
        objects.append(source.with_suffix(".o"))
        includes = [f"-I{root}", f"-I{root / 'runtime'}"]
        run_tool([compiler.tool("gcc"), *compiler.flags, *WARNINGS, *includes, "-c", source, "-o", objects[-1]])
    lines = run_tool([compiler.tool("size"), "-B", "-t", *objects]).splitlines()
    if not lines or not lines[-1].endswith("(TOTALS)"):
        raise ToolchainError(f"{compiler.tool('size')} printed no totals, but {lines[-1:]}")
    text, data, bss = map(int, lines[-1].split()[:3])
    return Size(flash_bytes=text + data, ram_bytes=data + bss)
