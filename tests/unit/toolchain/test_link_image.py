import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.board_type import BoardType, MemoryKind
from orchestrator.domain.errors import DoesNotFitError, ToolchainError
from orchestrator.toolchain.link import STACK_BYTES, link_image
from orchestrator.toolchain.link_script import linker_script
from tests.contract.example_model import example_model

BOARD = load_board_type("nucleo_l476rg")


def with_sizes(flash_bytes: int, ram_bytes: int) -> BoardType:
    """The board with less memory, and SRAM1 its only RAM."""
    flash, sram1, _ = BOARD.memories
    return replace(BOARD, memories=(replace(flash, size_bytes=flash_bytes), replace(sram1, size_bytes=ram_bytes)))


def size_columns(elf: bytes, folder: Path) -> tuple[int, int, int]:
    """text, data and bss as `arm-none-eabi-size` counts them."""
    path = folder / "image.elf"
    path.write_bytes(elf)
    done = subprocess.run(["arm-none-eabi-size", path], capture_output=True, text=True, check=True)
    text, data, bss = map(int, done.stdout.splitlines()[1].split()[:3])
    return text, data, bss


def test_equal_input_gives_equal_bytes() -> None:
    assert link_image(example_model(), BOARD) == link_image(example_model(), BOARD)


def test_the_image_holds_the_model_hash_and_no_path_of_this_machine() -> None:
    image = link_image(example_model(), BOARD)
    assert any(image.model_hash.encode() in segment.data for segment in image.segments)
    assert str(Path.home()).encode() + b"/" not in image.elf
    assert b"/tmp/" not in image.elf


def test_the_footprint_agrees_with_size(tmp_path: Path) -> None:
    image = link_image(example_model(weights=bytes(1000), arena_bytes=5000), BOARD)
    text, data, bss = size_columns(image.elf, tmp_path)
    assert image.footprint.flash_bytes == text + data
    assert image.footprint.static_ram_bytes == data + bss - STACK_BYTES
    assert image.footprint.weights_bytes == 1000
    assert image.footprint.arena_bytes == 5000


def test_flash_is_what_the_segments_hold_and_they_begin_with_stack_and_reset_vector() -> None:
    image = link_image(example_model(), BOARD)
    assert image.footprint.flash_bytes == sum(len(segment.data) for segment in image.segments)
    first = image.segments[0]
    ram = BOARD.memory(MemoryKind.RAM)
    assert first.address == BOARD.memory(MemoryKind.FLASH).origin
    assert int.from_bytes(first.data[:4], "little") == ram.origin + STACK_BYTES
    assert int.from_bytes(first.data[4:8], "little") & 1  # Thumb


def test_each_byte_more_of_arena_and_weights_costs_one_byte() -> None:
    small = link_image(example_model(bytes(64), arena_bytes=64), BOARD).footprint
    large = link_image(example_model(bytes(1064), arena_bytes=2064), BOARD).footprint
    assert large.weights_bytes - small.weights_bytes == 1000
    assert large.code_bytes == small.code_bytes
    assert large.static_ram_bytes - small.static_ram_bytes == 2000
    used = {use.name: use.used_bytes for use in large.regions}
    assert used["FLASH"] == large.flash_bytes
    assert used["SRAM1"] == large.static_ram_bytes + STACK_BYTES
    assert used["SRAM2"] == 0


def test_an_image_too_big_names_the_missing_bytes_of_each_memory() -> None:
    fitting = link_image(example_model(), BOARD).footprint
    flash_bytes, ram_bytes = fitting.flash_bytes - 16, fitting.static_ram_bytes + STACK_BYTES - 24
    with pytest.raises(DoesNotFitError) as caught:
        link_image(example_model(), with_sizes(flash_bytes, ram_bytes))
    assert caught.value.missing_bytes == {"FLASH": 16, "SRAM1": 24}


def test_an_arena_too_big_by_one_double_word_does_not_fit() -> None:
    footprint = link_image(example_model(arena_bytes=64), BOARD).footprint
    board = with_sizes(2**20, 96 * 1024)
    room = board.memory(MemoryKind.RAM).size_bytes - STACK_BYTES - footprint.static_ram_bytes + 64
    link_image(example_model(arena_bytes=room), board)
    with pytest.raises(DoesNotFitError) as caught:
        link_image(example_model(arena_bytes=room + 8), board)
    assert caught.value.missing_bytes == {"SRAM1": 8}


def test_c_that_does_not_compile_is_a_defect_of_the_toolchain() -> None:
    with pytest.raises(ToolchainError, match="no_such_function"):
        link_image(replace(example_model(), c_source="int x = no_such_function();"), BOARD)


def test_the_linker_script_knows_every_memory() -> None:
    script = linker_script(BOARD, 1024)
    for memory in BOARD.memories:
        assert f"{memory.name} : ORIGIN = {memory.origin:#010x}, LENGTH = {memory.size_bytes}" in script
