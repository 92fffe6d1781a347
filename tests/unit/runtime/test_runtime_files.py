"""The runtime keeps its own rules: one public function per file, no heap, no stdio, builds without warnings."""

import re
import shutil
from pathlib import Path

import pytest

from orchestrator.toolchain.archive import Compiler, run_tool, static_library
from orchestrator.toolchain.runtime_files import runtime_headers, runtime_sources

_CORTEX_M = {
    "cortex-m0plus": ("-mfloat-abi=soft",),
    "cortex-m3": ("-mfloat-abi=soft",),
    "cortex-m4": ("-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
    "cortex-m7": ("-mfloat-abi=hard", "-mfpu=fpv5-d16"),
    "cortex-m33": ("-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"),
    "cortex-m55": ("-mfloat-abi=hard",),
}
_NEEDS_CROSS_COMPILER = pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)


@pytest.mark.parametrize("source", runtime_sources(), ids=lambda path: path.name)
def test_a_source_uses_neither_heap_nor_stdio(source: Path) -> None:
    text = source.read_text()
    assert not re.search(r"\b(malloc|calloc|free|printf|stdio|stdlib)\b", text)


@_NEEDS_CROSS_COMPILER
@pytest.mark.parametrize("core", _CORTEX_M)
def test_the_runtime_builds_for_the_core_and_needs_only_memory_functions(core: str) -> None:
    flags = ("-std=c11", "-O2", f"-mcpu={core}", "-mthumb", *_CORTEX_M[core])
    compiler = Compiler(prefix="arm-none-eabi-", flags=flags)
    library = static_library(compiler, runtime_sources(), runtime_headers())
    undefined = set(re.findall(r" U (\w+)", run_tool(["arm-none-eabi-nm", library])))
    foreign = {name for name in undefined if not name.startswith(("mt_", "__aeabi_", "__gnu_thumb1_", "__clzsi2"))}
    assert foreign <= {"memcpy", "memset"}


@_NEEDS_CROSS_COMPILER
def test_every_file_has_one_public_function_of_its_name_and_no_data() -> None:
    compiler = Compiler(prefix="arm-none-eabi-", flags=("-std=c11", "-O2", "-mcpu=cortex-m4", "-mthumb"))
    library = static_library(compiler, runtime_sources(), runtime_headers())
    symbols = run_tool(["arm-none-eabi-nm", "--defined-only", "--extern-only", "-A", library])
    found = re.findall(r":(\w+)\.o:\S+ (\w) (\w+)", symbols)
    assert sorted(found) == sorted((path.stem, "T", path.stem) for path in runtime_sources())
