"""From a .tflite to the files of a C library."""

from dataclasses import dataclass
from pathlib import Path

from orchestrator import __version__
from orchestrator.compiler import compile_model
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import InputError
from orchestrator.domain.model import CompiledModel
from orchestrator.export.figures import Figures, Size, measure_library
from orchestrator.export.kernels import Runtime, runtime_for
from orchestrator.export.names import LibraryName
from orchestrator.export.self_test import SelfTest, make_self_test
from orchestrator.export.sources import check_types, library_sources, printable
from orchestrator.export.templates import render, runtime_licence

_BUILD_FILES = (
    "CMakeLists.txt",
    "zephyr/module.yml",
    "zephyr/Kconfig",
    "zephyr/CMakeLists.txt",
    "example/main.c",
    "example/startup.c",
    "example/example.ld",
    "example/Makefile",
)


@dataclass(frozen=True)
class Export:
    """A library that is ready to be written.

    Attributes:
        self_test: what it must compute, and who says so.
        files: text by path below its folder; equal input gives equal files.
    """

    name: LibraryName
    compiled: CompiledModel
    figures: Figures
    self_test: SelfTest
    files: dict[str, str]

    def write(self, folder: Path) -> None:
        """Write the files.

        Raises:
            InputError: `folder` is neither new nor empty, or cannot be written.
        """
        check_is_free(folder)
        try:
            for path, text in self.files.items():
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"--out {folder}: cannot be written: {error.strerror}") from error


def check_is_free(folder: Path) -> None:
    """Raise unless a folder is new or empty."""
    try:
        is_free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    except OSError as error:
        raise InputError(f"--out {folder}: cannot be read: {error.strerror}") from error
    if not is_free:
        raise InputError(f"--out {folder}: must be a new or an empty folder")


def export_library(tflite: bytes, board: BoardType, name: LibraryName, samples: int) -> Export:
    """Compile a network and make a library of it.

    Args:
        board: whose core the figures of the README and the flags of the example are for; the library fits any.
        samples: inputs of the self-test.

    Raises:
        UnsupportedModelError: the compiler cannot take the network.
        ToolchainError: a compiler is missing or rejects the code.
        ParityError: the compiled network computes something else than TFLM, where that runs it.
    """
    compiled = compile_model(tflite)
    check_types(compiled)
    runtime = runtime_for(compiled.c_source)
    self_test = make_self_test(tflite, compiled, samples)
    values = _values(compiled, runtime, name, samples) | _expectation(self_test)
    files = library_sources(compiled, self_test, values)
    files |= {f"runtime/{path}": text for path, text in (runtime.kernels | runtime.headers).items()}
    figures = measure_library(files, name.text, board)
    values |= _described(compiled, figures, board)
    files |= {path: render(path, values) for path in (*_BUILD_FILES, "README.md")}
    files["runtime/LICENSE"] = runtime_licence()
    return Export(name, compiled, figures, self_test, dict(sorted(files.items())))


def _values(compiled: CompiledModel, runtime: Runtime, name: LibraryName, samples: int) -> dict[str, object]:
    return {
        "name": name.text,
        "NAME": name.upper,
        "version": __version__,
        "model_hash": compiled.model_hash,
        "arena_bytes": compiled.arena_bytes,
        "state_bytes": compiled.memory_plan.state_bytes,
        "macs": sum(layer.macs for layer in compiled.layers),
        "samples": samples,
        "runtime_key": runtime.key,
        "kernels": " ".join(runtime.kernels),
    }


def _described(compiled: CompiledModel, figures: Figures, board: BoardType) -> dict[str, object]:
    total = Size(
        figures.network.flash_bytes + figures.kernels.flash_bytes,
        figures.network.ram_bytes + figures.kernels.ram_bytes,
    )
    sizes = {"network, weights, interface": figures.network, "kernels": figures.kernels, "all": total}
    return {
        "board": board.title,
        "cpu_flags": figures.cpu_flags,
        "compile_flags": figures.compile_flags,
        "size_tool": figures.tool,
        "compiler": figures.compiler,
        "size_rows": "\n".join(
            f"| {part} | {size.flash_bytes:,} | {size.ram_bytes:,} |" for part, size in sizes.items()
        ),
        "tensor_rows": "\n".join(_tensor_rows(compiled)),
    }


def _expectation(test: SelfTest) -> dict[str, object]:
    refusal = f"\n  Nothing else computed them: {printable(test.refusal)}." if test.refusal else ""
    return {"reference": test.reference, "refusal": refusal}


def _tensor_rows(compiled: CompiledModel) -> list[str]:
    tensors = [(f"input {index}", tensor) for index, tensor in enumerate(compiled.inputs)]
    tensors += [(f"output {index}", tensor) for index, tensor in enumerate(compiled.outputs)]
    return [
        f"| {place} `{printable(tensor.name)}` | {tensor.dtype} | {list(tensor.shape)} | {tensor.scale:.9g} "
        f"| {tensor.zero_point} |"
        for place, tensor in tensors
    ]
