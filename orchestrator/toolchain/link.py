"""From a compiled network to a firmware image for one board type."""

import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import DoesNotFitError, ToolchainError
from orchestrator.domain.model import CompiledModel, FirmwareImage
from orchestrator.toolchain.archive import CALL_GRAPH, WARNINGS, Compiler, call_graph_of, run_tool, static_library
from orchestrator.toolchain.call_graph import CallGraph, read_disassembly, read_gcc_call_graph
from orchestrator.toolchain.firmware_files import firmware_defines, firmware_headers, firmware_sources
from orchestrator.toolchain.footprint import read_footprint, read_segments, read_weights_addresses
from orchestrator.toolchain.link_script import linker_script
from orchestrator.toolchain.ram_placement import ram_placements
from orchestrator.toolchain.runtime_files import runtime_headers, runtime_sources
from orchestrator.toolchain.stack_usage import stack_bound_bytes

STACK_BYTES = 2048
"""Reserved for the stack; what a run really takes is measured on the board."""

PREFIX = "arm-none-eabi-"

_COMMON_FLAGS = ("-std=c11", "-g0", "-ffunction-sections", "-fdata-sections", "-mthumb")
_FIRMWARE_FLAGS = ("-Os",)
# No fused multiply-add: the host build of the same C has to give the same bits.
_NETWORK_FLAGS = ("-O2", "-ffp-contract=off")

# Networks of the benchmark that take int8 while its runner sends uint8.
_BENCHMARK_UINT8_IDS = frozenset({"ic01", "vww01"})

# GNU ld, ldlang.c; one line per memory that is too small.
_OVERFLOW = re.compile(r"region `(?P<name>\w+)' overflowed by (?P<count>\d+) bytes?")


def link_image(
    compiled: CompiledModel, board: BoardType, *, model_id: str | None = None, stack_bytes: int = STACK_BYTES
) -> FirmwareImage:
    """Compile the network and link it with runtime and firmware; equal input gives equal bytes.

    Args:
        model_id: what `profile%` answers, e.g. `kws01` for the benchmark's runner; the model hash by default.
        stack_bytes: bytes to reserve for the stack, a multiple of 8.

    Raises:
        DoesNotFitError: a memory of the board is too small, with the bytes missing per memory.
        ToolchainError: compiler or linker failed for another reason.
    """
    source = compiled.c_source + _firmware_constants(model_id or compiled.model_hash)
    with tempfile.TemporaryDirectory(prefix="mcutune-link-") as folder:
        elf, stack_bound = _build(source, board, stack_bytes, Path(folder))
    return FirmwareImage(
        board=board.name,
        model_hash=compiled.model_hash,
        elf=elf,
        segments=read_segments(elf),
        footprint=read_footprint(elf, board, stack_bound),
        inputs=compiled.inputs,
        outputs=compiled.outputs,
        layers=compiled.layers,
        weights_addresses=read_weights_addresses(elf),
    )


def network_compiler(board: BoardType) -> Compiler:
    """Give the compiler for kernels and generated networks."""
    return Compiler(PREFIX, (*_core_flags(board), *_COMMON_FLAGS, *_NETWORK_FLAGS))


def firmware_compiler(board: BoardType) -> Compiler:
    """Give the compiler for the firmware; its flags carry the facts of the board."""
    return Compiler(PREFIX, (*_core_flags(board), *_COMMON_FLAGS, *_FIRMWARE_FLAGS, *firmware_defines(board)))


def _core_flags(board: BoardType) -> tuple[str, ...]:
    if board.fpu is None:
        return (f"-mcpu={board.core}", "-mfloat-abi=soft")
    return (f"-mcpu={board.core}", f"-mfpu={board.fpu}", "-mfloat-abi=hard")


def _firmware_constants(model_id: str) -> str:
    """Give what boards/firmware/firmware_config.h declares per network."""
    if not re.fullmatch(r"[\w.-]+", model_id):
        raise ValueError(f"model_id must be letters, digits, '_', '.' and '-', but got {model_id!r}")
    flip = 0x80 if model_id in _BENCHMARK_UINT8_IDS else 0
    return (
        "\nextern const char mt_model_id[];\n"
        f'const char mt_model_id[] = "{model_id}";\n'
        "extern const uint8_t mt_input_flip;\n"
        f"const uint8_t mt_input_flip = {flip};\n"
    )


def _build(source: str, board: BoardType, stack_bytes: int, folder: Path) -> tuple[bytes, int]:
    """Give the ELF file and the bound of its stack."""
    compiler = network_compiler(board)
    runtime = static_library(compiler, runtime_sources(), runtime_headers())
    firmware = static_library(
        firmware_compiler(board), firmware_sources(board), (*firmware_headers(), *runtime_headers())
    )
    model_c, model_o = folder / "model.c", folder / "model.o"
    model_c.write_text(source)
    includes = [f"-I{parent}" for parent in sorted({header.parent for header in runtime_headers()})]
    gcc = compiler.tool("gcc")
    run_tool([gcc, *compiler.flags, *WARNINGS, *includes, CALL_GRAPH, "-c", model_c, "-o", model_o])
    script, elf = folder / "memory.ld", folder / "image.elf"
    libraries: list[str | Path] = ["-Wl,--start-group", firmware, runtime, "-lm", "-lc", "-lgcc", "-Wl,--end-group"]
    options = ["-nostdlib", "-Wl,--gc-sections,--build-id=none,--strip-debug,--fatal-warnings", f"-T{script}"]
    command = [gcc, *compiler.flags, *options, model_o, *libraries, "-o", elf]
    scripts = (linker_script(board, stack_bytes, placement) for placement in ram_placements(board))
    _link_first_that_fits(command, script, scripts)
    network = read_gcc_call_graph(model_o.with_suffix(".ci").read_text())
    compiled = CallGraph.merged([network, call_graph_of(runtime), call_graph_of(firmware)])
    linked = read_disassembly(run_tool([compiler.tool("objdump"), "-t", "-d", elf]))
    return elf.read_bytes(), stack_bound_bytes(compiled, linked, has_fpu=board.fpu is not None)


def _link_first_that_fits(command: list[str | Path], script: Path, texts: Iterable[str]) -> None:
    """Link with the first of the scripts with which the image fits.

    Raises:
        DoesNotFitError: it fits with none; tells what is missing where the least is.
    """
    failures = []
    for text in texts:
        script.write_text(text)
        try:
            return _link(command)
        except DoesNotFitError as error:
            failures.append(error)
    raise min(failures, key=lambda error: sum(error.missing_bytes.values()))


def _link(command: list[str | Path]) -> None:
    try:
        run_tool(command)
    except ToolchainError as error:
        missing_bytes = {match["name"]: int(match["count"]) for match in _OVERFLOW.finditer(str(error))}
        if missing_bytes:
            raise DoesNotFitError(missing_bytes) from error
        raise
