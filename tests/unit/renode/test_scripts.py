"""The scripts do for Renode's requests what the chips do, in the spelling of either generation of Renode.

IronPython's language is the older Python 2, but these scripts mean the same in both.
"""

from collections.abc import Callable
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.config.board_catalogue import board_type_names, load_board_type
from orchestrator.domain.board_type import BoardType, MemoryKind
from orchestrator.renode.families import FAMILIES, Counter, Follow, Registers, SectorEraser
from orchestrator.renode.scripts import counter_script, flash_script, registers_script

BOARDS = [load_board_type(name) for name in board_type_names() if load_board_type(name).port in FAMILIES]
LOWER = {"is_init": "isInit", "is_write": "isWrite", "offset": "offset", "value": "value"}
UPPER = {"is_init": "IsInit", "is_write": "IsWrite", "offset": "Offset", "value": "Value"}


class Peripheral:
    """A script as Renode runs it: anew for each access, its variables kept."""

    def __init__(self, script: str, names: dict[str, str] = LOWER) -> None:
        self.core = SimpleNamespace(ExecutedInstructions=1000)
        self.erased: list[tuple[int, int]] = []
        bus = SimpleNamespace(WriteBytes=self._write_bytes)
        machine = type(
            "Machine", (), {"SystemBus": bus, "__getitem__": lambda _, name: {"sysbus.cpu": self.core}[name]}
        )
        byte_array: dict[Any, Callable[[list[int]], bytes]] = {int: bytes}
        self._names = names
        self._scope: dict[str, Any] = {
            "self": SimpleNamespace(GetMachine=machine),
            "System": SimpleNamespace(Array=byte_array, Byte=int),
        }
        self._code = compile(script, "script", "exec")
        self._access(is_init=True)

    def _write_bytes(self, data: bytes, address: int) -> None:
        assert set(data) == {0xFF}
        self.erased.append((address, len(data)))

    def _access(self, *, is_init: bool = False, is_write: bool = False, offset: int = 0, value: int = 0) -> int:
        fields = {"is_init": is_init, "is_write": is_write, "offset": offset, "value": value}
        request = SimpleNamespace(**{self._names[name]: field for name, field in fields.items()})
        self._scope["request"] = request
        exec(self._code, self._scope)
        return int(getattr(request, self._names["value"]))

    def read(self, offset: int) -> int:
        return self._access(offset=offset)

    def write(self, offset: int, value: int) -> None:
        self._access(is_write=True, offset=offset, value=value)


@pytest.mark.parametrize("names", [LOWER, UPPER])
def test_the_counter_counts_instructions_modulo_2_to_the_32(names: dict[str, str]) -> None:
    counter = Peripheral(counter_script(Counter(0xE000_1000, 4)), names)
    counter.core.ExecutedInstructions += 77
    assert counter.read(4) == 77
    counter.write(4, 0)
    counter.core.ExecutedInstructions += 2**32 + 5
    assert counter.read(4) == 5
    assert counter.read(0) == 0


@pytest.mark.parametrize("names", [LOWER, UPPER])
def test_registers_keep_what_is_written_and_show_readiness(names: dict[str, str]) -> None:
    block = Peripheral(registers_script(Registers("rcc", 0, (Follow(0, 8, 4, 10),), reset=((8, 3),))), names)
    assert (block.read(0), block.read(4), block.read(8)) == (0, 0, 3)
    block.write(0, 1 << 8 | 1)
    assert block.read(0) == 1 << 8 | 1
    assert block.read(4) == 1 << 10
    block.write(0, 1)
    assert block.read(4) == 0


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
@pytest.mark.parametrize("names", [LOWER, UPPER])
def test_every_sector_can_be_erased_and_nothing_else_is(board: BoardType, names: dict[str, str]) -> None:
    origin, starts = board.memory(MemoryKind.FLASH).origin, board.sector_starts
    flash = Peripheral(flash_script(FAMILIES[board.port], origin, starts), names)
    for sector, (start, end) in enumerate(pairwise(starts)):
        offset, value = asking_for(board, sector)
        if board.port != "nrf52":
            flash.write(offset, value & ~(1 << 7 if board.port == "stm32h7" else 1 << 16))
            assert flash.erased == [], "without the start bit"
        flash.write(offset, value)
        assert flash.erased == [(origin + start, end - start)]
        flash.erased.clear()


def asking_for(board: BoardType, sector: int) -> tuple[int, int]:
    """Give the register and the value that ask for the erasure of a sector, as the manuals say."""
    origin, starts = board.memory(MemoryKind.FLASH).origin, board.sector_starts
    half = (len(starts) - 1) // 2
    bank, number = divmod(sector, half)
    page = 1 << 16 | 1 << 1
    return {
        "stm32l4": (0x14, page | number << 3 | bank << 11),
        "stm32l4plus": (0x14, page | number << 3 | bank << 11),
        "stm32g0": (0x14, page | sector << 3),
        "stm32f4": (0x10, page | sector << 3),
        "stm32f7": (0x10, page | sector << 3),
        "stm32h7": (0x0C + 0x100 * bank, 1 << 7 | 1 << 2 | number << 8),
        "stm32u5": (0x28, page | number << 3 | bank << 11),
        "nrf52": (0x508, origin + starts[sector]),
    }[board.port]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_the_flash_is_never_busy_and_never_fails(board: BoardType) -> None:
    family = FAMILIES[board.port]
    flash = Peripheral(flash_script(family, board.memory(MemoryKind.FLASH).origin, board.sector_starts))
    for eraser in family.erasers:
        if isinstance(eraser, SectorEraser):
            flash.write(eraser.status, 0xFFFF_FFFF)  # "cleared by writing 1"
            assert flash.read(eraser.status) == 0
    for offset, value in family.flash.reset:
        assert flash.read(offset) == value
