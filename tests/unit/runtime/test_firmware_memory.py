"""memcpy and memset of the firmware: every length, address and remainder, and nothing beyond."""

import ctypes
from pathlib import Path

import pytest

import boards
from orchestrator.toolchain.archive import WARNINGS, run_tool

SOURCE = Path(boards.__file__).parent / "firmware" / "memory.c"
ROOM = 96


@pytest.fixture(scope="module", params=[(), ("-D__ARM_FEATURE_UNALIGNED=1",)], ids=["aligned", "unaligned"])
def library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    path = tmp_path_factory.mktemp("memory") / "memory.so"
    renamed = ("-Dmemcpy=copied", "-Dmemset=filled")
    run_tool(["gcc", "-std=c11", "-Os", *WARNINGS, *renamed, *request.param, "-shared", "-fPIC", SOURCE, "-o", path])
    return ctypes.CDLL(str(path))


@pytest.mark.parametrize("core", ["cortex-m0plus", "cortex-m4"])
def test_they_call_nothing_least_of_all_themselves(core: str, tmp_path: Path) -> None:
    built = tmp_path / "memory.o"
    run_tool(["arm-none-eabi-gcc", "-std=c11", "-Os", *WARNINGS, f"-mcpu={core}", "-mthumb", "-c", SOURCE, "-o", built])
    assert " bl" not in run_tool(["arm-none-eabi-objdump", "-dr", built])
    assert "R_ARM" not in run_tool(["arm-none-eabi-objdump", "-r", built])


@pytest.mark.parametrize("offset", range(4))
def test_exactly_the_bytes_asked_for_are_copied_and_filled(library: ctypes.CDLL, offset: int) -> None:
    source = bytes(range(1, ROOM + 1))
    for count in range(ROOM - 3 - offset):
        copied, filled = (ctypes.create_string_buffer(ROOM) for _ in range(2))
        library.copied(ctypes.byref(copied, offset), source[3:], count)
        library.filled(ctypes.byref(filled, offset), 0x1A5, count)
        after = bytes(ROOM - offset - count)
        assert copied.raw == bytes(offset) + source[3 : 3 + count] + after
        assert filled.raw == bytes(offset) + bytes([0xA5]) * count + after
