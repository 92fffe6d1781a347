"""Compile hand-written C once per compiler, flags and content, and keep it as a static library in a cache."""

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from orchestrator.domain.errors import ToolchainError
from orchestrator.toolchain.call_graph import CallGraph, read_gcc_call_graph

WARNINGS = ("-Wall", "-Wextra", "-Werror")
CALL_GRAPH = "-fcallgraph-info=su"
"""Has GCC write a .ci file beside the object: calls, and stack per function. Changes nothing in the object."""


@dataclass(frozen=True)
class Compiler:
    """A C compiler with the flags of one target; `prefix` is GCC's, e.g. `arm-none-eabi-` or empty for the host."""

    prefix: str
    flags: tuple[str, ...]

    def tool(self, name: str) -> str:
        """Name of one tool of the suite, e.g. `gcc`, `ar`."""
        return f"{self.prefix}{name}"


def cache_dir() -> Path:
    """Where build products are kept between runs: `MCUTUNE_CACHE_DIR`, else the user's cache folder."""
    root = os.environ.get("MCUTUNE_CACHE_DIR")
    if root:
        return Path(root)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mcutune"


def run_tool(command: Sequence[str | Path], timeout_s: float = 120.0) -> str:
    """Run a tool of the suite and give its standard output.

    Raises:
        ToolchainError: the tool is missing, ran out of time or failed; the text holds what it said.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=timeout_s, check=False, env={**os.environ, "LC_ALL": "C"}
        )
    except FileNotFoundError as error:
        raise ToolchainError(f"{words[0]} is not installed; scripts/quickstart.sh installs what is needed") from error
    except subprocess.TimeoutExpired as error:
        raise ToolchainError(f"{words[0]} did not end within {timeout_s} s") from error
    if done.returncode != 0:
        raise ToolchainError(f"{words[0]} failed with exit code {done.returncode}: {done.stderr.strip()}")
    return done.stdout


@cache
def tool_version(tool: str) -> str:
    """Give the first line that the tool says of itself.

    Raises:
        ToolchainError: it is missing.
    """
    return run_tool([tool, "--version"]).splitlines()[0]


@cache
def static_library(compiler: Compiler, sources: tuple[Path, ...], headers: tuple[Path, ...]) -> Path:
    """Give a static library of `sources`, compiled on first use; safe when several processes ask at once.

    The key is the content of sources and headers, the compiler's version and its flags, so that a stale library is
    never used and equal input gives equal bytes.

    Raises:
        ToolchainError: the compiler is missing or rejects a source.
    """
    library = cache_dir() / f"lib{_content_key(compiler, sources, headers)}.a"
    if library.exists() and _call_graph_file(library).exists():
        return library
    library.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=library.parent, prefix="build-") as folder:
        objects = _compile_all(compiler, sources, headers, Path(folder))
        built = Path(folder) / library.name
        run_tool([compiler.tool("ar"), "rcsD", built, *objects])
        graph = CallGraph.merged(read_gcc_call_graph(path.with_suffix(".ci").read_text()) for path in objects)
        _call_graph_file(built).write_text(graph.as_json())
        _call_graph_file(built).rename(_call_graph_file(library))
        built.rename(library)  # atomic: whoever comes second replaces equal bytes
    return library


def call_graph_of(library: Path) -> CallGraph:
    """Give the call graph of what `static_library` built."""
    return CallGraph.from_json(_call_graph_file(library).read_text())


def _call_graph_file(library: Path) -> Path:
    return library.with_suffix(".calls.json")


def _content_key(compiler: Compiler, sources: tuple[Path, ...], headers: tuple[Path, ...]) -> str:
    digest = hashlib.sha256(repr((tool_version(compiler.tool("gcc")), compiler.flags)).encode())
    for path in (*sources, *headers):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:24]


def _compile_all(compiler: Compiler, sources: tuple[Path, ...], headers: tuple[Path, ...], folder: Path) -> list[Path]:
    includes = [f"-I{parent}" for parent in sorted({header.parent for header in headers})]

    def compile_one(source: Path) -> Path:
        target = folder / f"{source.stem}.o"
        run_tool([compiler.tool("gcc"), *compiler.flags, *WARNINGS, *includes, CALL_GRAPH, "-c", source, "-o", target])
        return target

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        return list(pool.map(compile_one, sources))
