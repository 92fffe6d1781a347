"""The flash's programming registers, as the loader uses them and as it must not."""

import pytest

from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.flash_interface import KEYS
from orchestrator.virtual_board.peripherals.flash_interface_l4 import (
    BKER,
    BSY,
    CR,
    EOP,
    KEYR,
    LOCK,
    PER,
    PG,
    PGAERR,
    PGSERR,
    PROGERR,
    SIZERR,
    SR,
    STRT,
    WRP1AR,
    WRPERR,
    FlashInterfaceL4,
)

ORIGIN, PAGE_BYTES = 0x0800_0000, 4096


class Array:
    """Flash that keeps what it is told, byte by byte."""

    def __init__(self) -> None:
        self.content: dict[int, bytes] = {}
        self.erased: list[int] = []
        self.takes_stores = False

    def erase(self, first_page: int, pages: int) -> None:
        self.erased += range(first_page, first_page + pages)

    def page_of(self, address: int) -> int:
        return (address - ORIGIN) // PAGE_BYTES

    def page_bytes(self, page: int) -> int:
        return PAGE_BYTES

    def allow_stores(self, allowed: bool) -> None:
        self.takes_stores = allowed

    def take_double_word(self, address: int, data: bytes, before: bytes) -> bool:
        is_erased = before == b"\xff" * 8
        self.content[address] = data if is_erased else before
        return is_erased

    def restore(self, address: int, before: bytes) -> None:
        self.content[address] = before

    def hold(self, address: int, content: bytes) -> None:
        raise AssertionError("this flash is programmed by double words")

    def double_word(self, address: int) -> bytes:
        return self.content.get(address, b"\xff" * 8)


@pytest.fixture
def array() -> Array:
    return Array()


@pytest.fixture
def flash(array: Array) -> FlashInterfaceL4:
    """An unlocked flash interface."""
    clock = BoardClock(lambda: 0, lambda cycles: None)
    flash = FlashInterfaceL4(lambda access: None, clock, lambda: 120e6)
    flash.attach(array)
    for key in KEYS:
        flash.write(KEYR, key)
    return flash


def store(flash: FlashInterfaceL4, address: int, *values: int, size_bytes: int = 4) -> int:
    """Let the core store values, and give the status that it reads then."""
    for index, value in enumerate(values):
        flash.store(address + size_bytes * index, size_bytes, value)
    return flash.read(SR)


def test_a_page_is_erased_while_busy_is_shown_and_time_passes(flash: FlashInterfaceL4, array: Array) -> None:
    flash.write(CR, PER | BKER | 7 << 3)
    flash.write(CR, PER | BKER | 7 << 3 | STRT)
    assert array.erased == [256 + 7]
    assert flash.read(SR) == BSY | EOP
    assert flash.read(SR) == EOP


def test_without_the_keys_nothing_happens(array: Array) -> None:
    flash = FlashInterfaceL4(lambda access: None, BoardClock(lambda: 0, lambda cycles: None), lambda: 4e6)
    flash.attach(array)
    flash.write(CR, PER | STRT)
    flash.write(KEYR, KEYS[1])
    for key in KEYS:
        flash.write(KEYR, key)  # too late: a wrong key locks until the next reset
    flash.write(CR, PG)
    assert flash.read(CR) & LOCK
    assert array.erased == [] and not array.takes_stores


def test_stores_reach_the_flash_only_while_programming_is_on(flash: FlashInterfaceL4, array: Array) -> None:
    flash.write(CR, PG)
    assert array.takes_stores
    flash.write(CR, LOCK)
    assert not array.takes_stores
    assert flash.read(CR) & LOCK


def test_two_words_are_programmed_as_one_double_word(flash: FlashInterfaceL4, array: Array) -> None:
    flash.write(CR, PG)
    assert store(flash, ORIGIN + 8, 1, 2) & EOP
    assert array.content == {ORIGIN + 8: bytes([1, 0, 0, 0, 2, 0, 0, 0])}


def test_a_double_word_that_is_not_erased_keeps_its_content(flash: FlashInterfaceL4, array: Array) -> None:
    flash.write(CR, PG)
    store(flash, ORIGIN, 1, 2)
    assert store(flash, ORIGIN, 3, 4) & PROGERR
    assert array.content[ORIGIN] == bytes([1, 0, 0, 0, 2, 0, 0, 0])


@pytest.mark.parametrize(
    ("address", "values", "size_bytes", "flag"),
    [(ORIGIN, (1,), 2, SIZERR), (ORIGIN + 4, (1, 2), 4, PGAERR), (ORIGIN, (1,), 4, PGAERR)],
)
def test_a_store_of_the_wrong_form_is_refused(
    flash: FlashInterfaceL4, array: Array, address: int, values: tuple[int, ...], size_bytes: int, flag: int
) -> None:
    flash.write(CR, PG)
    assert store(flash, address, *values, size_bytes=size_bytes) & flag
    assert set(array.content.values()) == {b"\xff" * 8}


def test_a_flag_of_an_earlier_error_stops_the_next_operation(flash: FlashInterfaceL4, array: Array) -> None:
    flash.write(CR, PG)
    store(flash, ORIGIN, 1, size_bytes=2)
    assert store(flash, ORIGIN, 1, 2) & PGSERR
    flash.write(SR, 0xFFFF)
    assert not store(flash, ORIGIN, 1, 2) & (PGSERR | SIZERR)


def test_a_protected_page_is_neither_erased_nor_programmed(flash: FlashInterfaceL4, array: Array) -> None:
    flash.write(WRP1AR, 3 << 16 | 2)
    flash.write(CR, PER | 3 << 3 | STRT)
    assert flash.read(SR) == WRPERR
    flash.write(SR, WRPERR)
    flash.write(CR, PG)
    assert store(flash, ORIGIN + 2 * PAGE_BYTES, 1, 2) & WRPERR
    assert array.erased == []


def test_a_reset_in_the_middle_of_a_double_word_leaves_it_erased(flash: FlashInterfaceL4, array: Array) -> None:
    flash.write(CR, PG)
    flash.store(ORIGIN, 4, 1)
    flash.reset()
    assert array.content[ORIGIN] == b"\xff" * 8
    assert flash.read(CR) & LOCK
