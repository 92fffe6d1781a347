"""The STM32H743 at register level: supply and clock, and a flash of two banks in words of 256 bits."""

import logging

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals import flash_interface_h7 as flash
from orchestrator.virtual_board.peripherals import power_h7, rcc_h7
from orchestrator.virtual_board.peripherals.flash_interface import ACR, KEYS
from orchestrator.virtual_board.serial_line import SerialLine
from orchestrator.virtual_board.stm32h7 import Stm32H7

ORIGIN, BANK_BYTES, SECTOR_BYTES = 0x0800_0000, 0x10_0000, 0x2_0000
FROM_PLL = 3
TWO = flash.SECOND_BANK


class Array:
    """Flash that keeps what it is told, double word by double word."""

    def __init__(self) -> None:
        self.content: dict[int, bytes] = {}
        self.erased: list[int] = []
        self.takes_stores = False

    def erase(self, first_page: int, pages: int) -> None:
        self.erased += range(first_page, first_page + pages)

    def page_of(self, address: int) -> int:
        return (address - ORIGIN) // SECTOR_BYTES

    def page_bytes(self, page: int) -> int:
        return SECTOR_BYTES

    def allow_stores(self, allowed: bool) -> None:
        self.takes_stores = allowed

    def take_double_word(self, address: int, data: bytes, before: bytes) -> bool:
        self.content[address] = data
        return before == b"\xff" * 8

    def restore(self, address: int, before: bytes) -> None:
        self.content[address] = before

    def hold(self, address: int, content: bytes) -> None:
        raise AssertionError("this flash is programmed by whole words")

    def double_word(self, address: int) -> bytes:
        return self.content.get(address, b"\xff" * 8)


@pytest.fixture
def array() -> Array:
    return Array()


@pytest.fixture
def chip(array: Array) -> Stm32H7:
    clock = BoardClock(lambda: 0, lambda cycles: None)
    board = load_board_type("nucleo_h743zi")
    chip = Stm32H7(board, "00" * 12, SerialLine(), clock, lambda access: None, lambda: None, lambda: None)
    chip.flash_interface.attach(array)
    return chip


def run_at_400_mhz(chip: Stm32H7, wait_states: int = 2, d2_buses: int = 4 << 4 | 4 << 8) -> None:
    chip.power.write(power_h7.CR3, power_h7.LDOEN)
    chip.power.write(power_h7.D3CR, 3 << power_h7.VOS_SHIFT)
    switch_to_pll(chip, wait_states, d2_buses)


def switch_to_pll(chip: Stm32H7, wait_states: int, d2_buses: int) -> None:
    chip.flash_interface.write(ACR, 2 << 4 | wait_states)
    chip.rcc.write(rcc_h7.PLLCKSELR, 16 << 4)
    chip.rcc.write(rcc_h7.PLL1DIVR, 199 | 1 << 9)
    chip.rcc.write(rcc_h7.D1CFGR, 8 | 4 << 4)
    chip.rcc.write(rcc_h7.D2CFGR, d2_buses)
    chip.rcc.write(rcc_h7.D3CFGR, 4 << 4)
    chip.rcc.write(rcc_h7.CFGR, FROM_PLL)


def unlock(chip: Stm32H7, bank: int = 0) -> flash.FlashInterfaceH7:
    for key in KEYS:
        chip.flash_interface.write(bank + flash.KEYR, key)
    assert isinstance(chip.flash_interface, flash.FlashInterfaceH7)
    return chip.flash_interface


def store_words(interface: flash.FlashInterfaceH7, address: int, count: int = 8, step: int = 4) -> None:
    for index in range(count):
        interface.store(address + step * index, 4, index)


def test_the_way_to_400_mhz_is_taken_without_a_complaint(chip: Stm32H7, caplog: pytest.LogCaptureFixture) -> None:
    assert chip.rcc.hclk_hz() == 64e6
    run_at_400_mhz(chip)
    assert (chip.rcc.hclk_hz(), chip.rcc.axi_divider(), chip.rcc.uart_hz(rcc_h7.PCLK1)) == (400e6, 2, 100e6)
    assert chip.rcc.read(rcc_h7.CFGR) >> 3 & 7 == FROM_PLL
    assert not caplog.records


def test_too_few_wait_states_and_too_fast_a_bus_are_logged(chip: Stm32H7, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        run_at_400_mhz(chip, wait_states=1, d2_buses=4 << 4)
    assert "good for 280" in caplog.text and "an APB faster" in caplog.text


def test_without_a_supply_chosen_the_voltage_stays_low(chip: Stm32H7, caplog: pytest.LogCaptureFixture) -> None:
    chip.power.write(power_h7.D3CR, 3 << power_h7.VOS_SHIFT)
    assert not chip.power.read(power_h7.CSR1) & power_h7.ACTVOSRDY
    with caplog.at_level(logging.ERROR):
        switch_to_pll(chip, 2, 4 << 4 | 4 << 8)
    assert "good for 200" in caplog.text


def test_the_supply_is_chosen_once_and_for_all(chip: Stm32H7) -> None:
    chip.power.write(power_h7.CR3, power_h7.LDOEN)
    chip.power.write(power_h7.CR3, power_h7.BYPASS)
    assert chip.power.read(power_h7.CR3) & power_h7.SUPPLIES == power_h7.LDOEN
    chip.power.reset()
    assert chip.power.read(power_h7.CR3) & power_h7.SUPPLIES == power_h7.LDOEN
    assert chip.power.read(power_h7.CSR1) & power_h7.ACTVOSRDY


@pytest.mark.parametrize(("bank", "sector", "erased"), [(0, 3, 3), (TWO, 0, 8), (TWO, 7, 15)])
def test_sectors_are_numbered_within_their_bank(
    chip: Stm32H7, array: Array, bank: int, sector: int, erased: int
) -> None:
    interface = unlock(chip, bank)
    interface.write(bank + flash.CR, flash.SER | sector << flash.SNB_SHIFT | flash.START)
    assert array.erased == [erased]
    assert interface.read(bank + flash.SR) & flash.BSY
    assert interface.read(bank + flash.SR) == flash.EOP
    interface.write(bank + flash.CCR, flash.EOP)
    assert interface.read(bank + flash.SR) == 0


def test_the_keys_of_one_bank_do_not_open_the_other(chip: Stm32H7, array: Array) -> None:
    interface = unlock(chip, TWO)
    interface.write(flash.CR, flash.SER | flash.START)
    assert array.erased == []
    assert interface.read(flash.CR) & flash.LOCK and not interface.read(TWO + flash.CR) & flash.LOCK


def test_eight_words_in_a_row_are_programmed_at_once(chip: Stm32H7, array: Array) -> None:
    interface = unlock(chip, TWO)
    interface.write(TWO + flash.CR, flash.PG)
    assert array.takes_stores
    store_words(interface, ORIGIN + BANK_BYTES, count=7)
    assert interface.read(TWO + flash.SR) == flash.WBNE
    assert array.content == {}
    interface.store(ORIGIN + BANK_BYTES + 28, 4, 7)
    assert interface.read(TWO + flash.SR) & (flash.QW | flash.EOP) == flash.QW | flash.EOP
    words = b"".join(index.to_bytes(4, "little") for index in range(8))
    assert b"".join(array.content[ORIGIN + BANK_BYTES + at] for at in range(0, 32, 8)) == words


@pytest.mark.parametrize(
    ("address", "step", "cr", "wpsn", "error"),
    [
        (ORIGIN + 4, 4, flash.PG, 0xFF, flash.INCERR),
        (ORIGIN, 8, flash.PG, 0xFF, flash.INCERR),
        (ORIGIN, 4, 0, 0xFF, flash.PGSERR),
        (ORIGIN + SECTOR_BYTES, 4, flash.PG, 0xFD, flash.WRPERR),
    ],
)
def test_stores_of_the_wrong_form_or_place_are_refused(
    chip: Stm32H7, array: Array, address: int, step: int, cr: int, wpsn: int, error: int
) -> None:
    interface = unlock(chip)
    interface.write(flash.WPSN, wpsn)
    interface.write(flash.CR, cr)
    store_words(interface, address, step=step)
    assert interface.read(flash.SR) == error
    assert set(array.content.values()) == {b"\xff" * 8}


def test_a_reset_in_the_middle_of_a_word_leaves_it_erased(chip: Stm32H7, array: Array) -> None:
    interface = unlock(chip)
    interface.write(flash.CR, flash.PG)
    store_words(interface, ORIGIN, count=3)
    chip.reset()
    assert set(array.content.values()) == {b"\xff" * 8}
    assert chip.flash_interface.read(flash.CR) == flash.CR_RESET


def test_a_word_that_was_not_erased_is_complained_of(chip: Stm32H7, caplog: pytest.LogCaptureFixture) -> None:
    interface = unlock(chip)
    interface.write(flash.CR, flash.PG)
    for _ in range(2):
        store_words(interface, ORIGIN)
        interface.read(flash.SR)
    assert "was not erased" in caplog.text
