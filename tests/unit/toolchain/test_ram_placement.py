"""Several memories: what does not fit into the default one goes to another, and the image still runs."""

from dataclasses import replace

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.device.measure import measure_image
from orchestrator.domain.board_type import BoardType, Memory
from orchestrator.domain.errors import DoesNotFitError
from orchestrator.domain.measurement import CyclesSource
from orchestrator.domain.model import FirmwareImage
from orchestrator.toolchain.link import STACK_BYTES, link_image
from orchestrator.toolchain.ram_placement import ram_placements
from orchestrator.virtual_board.process import start_virtual_board
from tests.contract.example_model import INPUT_BYTES, example_model, expected_output

BOARD = load_board_type("nucleo_l476rg")
FLASH, SRAM1, SRAM2 = BOARD.memories


def with_ram(*memories: Memory) -> BoardType:
    return replace(BOARD, memories=(FLASH, *memories))


def used(image: FirmwareImage) -> dict[str, int]:
    return {region.name: region.used_bytes for region in image.footprint.regions}


def stack_top(image: FirmwareImage) -> int:
    return int.from_bytes(image.segments[0].data[:4], "little")


def test_what_fits_into_the_default_memory_stays_there() -> None:
    image = link_image(example_model(arena_bytes=64 * 1024), BOARD)
    assert used(image)["SRAM2"] == 0
    assert stack_top(image) == SRAM1.origin + STACK_BYTES


def test_an_arena_as_large_as_the_default_memory_gets_it_alone() -> None:
    image = link_image(example_model(arena_bytes=SRAM1.size_bytes), BOARD)
    assert used(image)["SRAM1"] == SRAM1.size_bytes
    assert used(image)["SRAM2"] == image.footprint.static_ram_bytes - SRAM1.size_bytes + STACK_BYTES
    assert stack_top(image) == SRAM2.origin + STACK_BYTES


def test_an_arena_too_large_for_a_small_default_memory_goes_to_the_other() -> None:
    image = link_image(example_model(arena_bytes=40 * 1024), with_ram(SRAM2, SRAM1))
    assert used(image)["SRAM1"] == 40 * 1024
    assert stack_top(image) == SRAM2.origin + STACK_BYTES


def test_what_is_too_large_for_all_memories_is_told_where_the_least_is_missing() -> None:
    with pytest.raises(DoesNotFitError) as caught:
        link_image(example_model(arena_bytes=SRAM1.size_bytes + 16), BOARD)
    assert caught.value.missing_bytes == {"SRAM1": 16}


def test_a_stack_never_lies_on_top_of_another_memory() -> None:
    adjoining = replace(SRAM2, name="SRAM3", origin=SRAM1.end)
    placements = ram_placements(with_ram(SRAM1, adjoining))
    assert [placement.stack for placement in placements] == [SRAM1] * 3
    assert [placement.data for placement in placements] == [SRAM1, SRAM1, adjoining]
    assert [placement.arena for placement in placements] == [SRAM1, adjoining, SRAM1]


def test_equal_input_gives_equal_bytes_wherever_things_lie() -> None:
    compiled = example_model(arena_bytes=SRAM1.size_bytes)
    assert link_image(compiled, BOARD).elf == link_image(compiled, BOARD).elf


def test_an_image_spread_over_two_memories_runs() -> None:
    image = link_image(example_model(arena_bytes=SRAM1.size_bytes), BOARD)
    sample = bytes(range(INPUT_BYTES))
    with start_virtual_board(BOARD) as device:
        run = measure_image(
            image, BOARD, device.url, [(sample,)], cycles_source=CyclesSource.VIRTUAL, repeats=2, warmups=0
        )
    assert run.outputs == ((expected_output(bytes(range(1, 65)), sample),),)
    assert 0 < run.measurement.stack_bytes < STACK_BYTES
