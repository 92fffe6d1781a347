"""The host build of a compiled network: the same C as on the board, loaded into this process."""

import ctypes
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestrator.domain.errors import InputError
from orchestrator.domain.model import CompiledModel, TensorSpec
from orchestrator.toolchain.archive import WARNINGS, Compiler, run_tool, static_library
from orchestrator.toolchain.runtime_files import host_driver, runtime_headers, runtime_sources

HOST_COMPILER = Compiler(prefix="", flags=("-std=c11", "-O2", "-fPIC", "-fvisibility=hidden"))


class HostModel:
    """A network built for the host. Several may live in one process; one of them serves one thread at a time."""

    def __init__(self, library: Path, inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...]) -> None:
        self.library = library
        self.inputs = inputs
        self.outputs = outputs
        self._run = ctypes.CDLL(str(library)).mt_host_run
        addresses = ctypes.POINTER(ctypes.c_void_p)
        self._run.argtypes = [ctypes.c_uint32, ctypes.c_uint32, addresses, addresses]
        self._run.restype = None

    def run(self, samples: Sequence[NDArray[Any]], *, is_stream: bool = False) -> tuple[NDArray[Any], ...]:
        """Run the network over N samples.

        Args:
            samples: for each input `[N, *shape]` in the stored dtype.
            is_stream: a sample finds the state that the one before left; else each starts from the initial state.

        Returns:
            For each output `[N, *shape]` in the stored dtype.

        Raises:
            InputError: number, shape or dtype of the samples do not fit the network.
        """
        count = self._checked_count(samples)
        given = [np.ascontiguousarray(array) for array in samples]
        results = tuple(np.empty((count, *spec.shape), spec.dtype) for spec in self.outputs)
        self._run(count, is_stream, _addresses(given), _addresses(results))
        return results

    def _checked_count(self, samples: Sequence[NDArray[Any]]) -> int:
        if len(samples) != len(self.inputs):
            raise InputError(f"the network has {len(self.inputs)} inputs, but got samples for {len(samples)}")
        count = len(samples[0])
        for spec, array in zip(self.inputs, samples, strict=True):
            if array.shape != (count, *spec.shape) or array.dtype != spec.dtype:
                raise InputError(
                    f"input '{spec.name}' must be {spec.dtype} {[count, *spec.shape]}, "
                    f"but got {array.dtype} {list(array.shape)}"
                )
        return count


def build_host_model(compiled: CompiledModel, folder: Path) -> HostModel:
    """Build the network's C for the host in `folder` and load it.

    Raises:
        ToolchainError: the host compiler is missing or rejects the generated code.
    """
    runtime = static_library(HOST_COMPILER, runtime_sources(), runtime_headers())
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / f"model_{compiled.model_hash}.c"
    source.write_text(compiled.c_source)
    # The loader tells libraries apart by file: the name carries everything that went into this one.
    key = hashlib.sha256(f"{runtime.name}{compiled.c_source}{host_driver().read_text()}".encode()).hexdigest()[:16]
    library = folder / f"libmodel_{key}.so"
    includes = [f"-I{parent}" for parent in sorted({header.parent for header in runtime_headers()})]
    if not library.exists():
        built = library.with_suffix(".building")
        gcc = (HOST_COMPILER.tool("gcc"), *HOST_COMPILER.flags, *WARNINGS, *includes)
        run_tool([*gcc, "-shared", "-o", built, source, host_driver(), runtime])
        built.rename(library)
    return HostModel(library.resolve(), compiled.inputs, compiled.outputs)


def _addresses(arrays: Sequence[NDArray[Any]]) -> Any:
    return (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))
