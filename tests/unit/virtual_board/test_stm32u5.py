"""The STM32U575 at register level: the way to 160 MHz, the cache, the flash with its quad words in two banks."""

import logging

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals import flash_interface_u5 as flash
from orchestrator.virtual_board.peripherals import gpio, icache, power_u5, rcc_u5, usart
from orchestrator.virtual_board.peripherals.flash_interface import ACR, KEYS, AccessControl
from orchestrator.virtual_board.peripherals.rcc import CR
from orchestrator.virtual_board.serial_line import LineFormat, SerialLine
from orchestrator.virtual_board.stm32u5 import Stm32U5

ORIGIN = 0x0800_0000
ERASED = b"\xff" * 8
HSI, HALF_FOR_BOOSTER = 2, 1 << 12
PLL_320_MHZ_BY_2 = 1 << 24 | 19
FROM_PLL = 3
RANGE_1 = 3 << power_u5.VOS_SHIFT


class Array:
    """Flash of two banks that keeps what it is told, double word by double word."""

    def __init__(self) -> None:
        self.content: dict[int, bytes] = {}
        self.erased: list[int] = []
        self.takes_stores = False

    def erase(self, first_page: int, pages: int) -> None:
        self.erased += range(first_page, first_page + pages)

    def page_of(self, address: int) -> int:
        return (address - ORIGIN) // 8192

    def page_bytes(self, page: int) -> int:
        return 8192

    def allow_stores(self, allowed: bool) -> None:
        self.takes_stores = allowed

    def take_double_word(self, address: int, data: bytes, before: bytes) -> bool:
        raise AssertionError("this flash is programmed by quad words")

    def restore(self, address: int, before: bytes) -> None:
        self.content[address] = before

    def hold(self, address: int, content: bytes) -> None:
        self.content[address] = content

    def double_word(self, address: int) -> bytes:
        return self.content.get(address, ERASED)


@pytest.fixture
def line() -> SerialLine:
    line = SerialLine()
    line.host_format = LineFormat(115_200.0, "N")
    return line


@pytest.fixture
def array() -> Array:
    return Array()


@pytest.fixture
def clock() -> BoardClock:
    return BoardClock(lambda: 0, lambda cycles: None)


@pytest.fixture
def told() -> list[AccessControl]:
    return []


@pytest.fixture
def emptied() -> list[None]:
    return []


@pytest.fixture
def chip(line: SerialLine, array: Array, clock: BoardClock, told: list[AccessControl], emptied: list[None]) -> Stm32U5:
    board = load_board_type("nucleo_u575zi_q")
    chip = Stm32U5(
        board, "00112233445566778899aabb", line, clock, told.append, lambda: emptied.append(None), lambda: None
    )
    chip.flash_interface.attach(array)
    return chip


def run_at_160_mhz(chip: Stm32U5, wait_states: int = 4, voltage: int = RANGE_1 | power_u5.BOOSTEN) -> None:
    chip.rcc.write(CR, chip.rcc.stored(CR) | 1 << 8)
    chip.rcc.write(rcc_u5.PLL1CFGR, 1 << 18 | HALF_FOR_BOOSTER | HSI)
    chip.rcc.write(rcc_u5.PLL1DIVR, PLL_320_MHZ_BY_2)
    chip.power.write(power_u5.VOSR, voltage)
    chip.flash_interface.write(ACR, 1 << 8 | wait_states)
    chip.rcc.write(rcc_u5.CFGR1, FROM_PLL)


def unlock(chip: Stm32U5) -> flash.FlashInterfaceU5:
    for key in KEYS:
        chip.flash_interface.write(flash.KEYR, key)
    return chip.flash_interface


def test_the_way_to_160_mhz_is_taken_without_a_complaint(chip: Stm32U5, caplog: pytest.LogCaptureFixture) -> None:
    assert chip.rcc.hclk_hz() == 4e6
    run_at_160_mhz(chip)
    assert chip.rcc.hclk_hz() == 160e6
    assert chip.rcc.read(rcc_u5.CFGR1) >> 2 & 3 == FROM_PLL
    assert not caplog.records


@pytest.mark.parametrize(
    ("wait_states", "voltage", "complaint"),
    [
        (3, RANGE_1 | power_u5.BOOSTEN, "good for 128"),
        (4, RANGE_1, "good for 55"),
        (4, 2 << power_u5.VOS_SHIFT | power_u5.BOOSTEN, "good for 100"),
        (4, 0, "good for 24"),
    ],
)
def test_a_clock_too_fast_for_voltage_booster_or_flash_is_logged(
    chip: Stm32U5, caplog: pytest.LogCaptureFixture, wait_states: int, voltage: int, complaint: str
) -> None:
    with caplog.at_level(logging.ERROR):
        run_at_160_mhz(chip, wait_states, voltage)
    assert complaint in caplog.text


def test_the_booster_is_ready_only_with_a_clock_that_fits(chip: Stm32U5) -> None:
    chip.power.write(power_u5.VOSR, RANGE_1 | power_u5.BOOSTEN)
    assert not chip.power.read(power_u5.VOSR) & power_u5.BOOSTRDY
    chip.rcc.write(rcc_u5.PLL1CFGR, 4 << 12 | HSI)  # 16 MHz / 8
    assert not chip.power.read(power_u5.VOSR) & power_u5.BOOSTRDY
    chip.rcc.write(rcc_u5.PLL1CFGR, HALF_FOR_BOOSTER | HSI)
    assert chip.power.read(power_u5.VOSR) & power_u5.BOOSTRDY


def test_the_smps_takes_over(chip: Stm32U5) -> None:
    assert not chip.power.read(power_u5.SVMSR) & power_u5.REGS
    chip.power.write(power_u5.CR3, power_u5.REGSEL)
    assert chip.power.read(power_u5.SVMSR) & power_u5.REGS


def test_the_console_speaks_through_pins_switched_to_function_7(chip: Stm32U5, line: SerialLine) -> None:
    run_at_160_mhz(chip)
    chip.usart.write(usart.BRR, round(160e6 / 115_200))
    chip.usart.write(usart.CR1, usart.UE | usart.TE)
    chip.usart.write(usart.TDR, ord("a"))
    chip.gpios[0].write(gpio.MODER, 0x0028_0000)
    chip.gpios[0].write(gpio.AFRL + 4, 0x0770)
    chip.usart.write(usart.TDR, ord("b"))
    assert line.to_host == b"b"


def test_the_cache_is_in_front_of_code_and_data(chip: Stm32U5, told: list[AccessControl], emptied: list[None]) -> None:
    chip.icache.write(icache.CR, icache.EN)
    assert (told[-1].instruction_cache, told[-1].data_cache) == (True, True)
    assert emptied == []
    chip.icache.write(icache.CR, icache.EN | icache.CACHEINV)
    assert chip.icache.read(icache.CR) == icache.EN
    assert chip.icache.read(icache.SR) == icache.BSYENDF
    chip.icache.write(icache.FCR, icache.BSYENDF)
    assert chip.icache.read(icache.SR) == 0
    chip.icache.write(icache.CR, 0)
    assert (told[-1].instruction_cache, told[-1].data_cache) == (False, False)
    assert len(emptied) == 2


def test_id_and_size_of_the_flash_are_where_the_manual_says(chip: Stm32U5) -> None:
    words = [chip.read_factory_words(0x0BFA_0700 + 4 * index, 4) for index in range(3)]
    assert words == [bytes.fromhex(word)[::-1] for word in ("00112233", "44556677", "8899aabb")]
    assert chip.read_factory_words(0x0BFA_07A0, 2) == (2048).to_bytes(2, "little")


@pytest.mark.parametrize(("bank", "page"), [(0, 2), (flash.BKER, 128 + 2)])
def test_a_page_of_either_bank_is_erased(chip: Stm32U5, array: Array, clock: BoardClock, bank: int, page: int) -> None:
    run_at_160_mhz(chip)
    interface = unlock(chip)
    interface.write(flash.CR, flash.PER | bank | 2 << flash.PNB_SHIFT | flash.STRT)
    assert array.erased == [page]
    assert clock.now() == round(0.0015 * 160e6)
    assert interface.read(flash.SR) == interface.BSY | flash.EOP
    assert interface.read(flash.SR) == flash.EOP


def test_four_words_are_programmed_at_once(chip: Stm32U5, array: Array) -> None:
    interface = unlock(chip)
    interface.write(flash.CR, flash.PG)
    assert array.takes_stores
    for index in range(4):
        interface.store(ORIGIN + 4 * index, 4, index + 1)
        is_waiting = bool(interface.read(flash.SR) & flash.WDW)
        assert is_waiting is (index < 3)
    words = [index.to_bytes(4, "little") for index in (1, 2, 3, 4)]
    assert array.content == {ORIGIN: words[0] + words[1], ORIGIN + 8: words[2] + words[3]}


def test_a_quad_word_is_programmed_once_and_then_only_to_zero(chip: Stm32U5, array: Array) -> None:
    array.content[ORIGIN + 8] = bytes(7) + b"\x01"
    interface = unlock(chip)
    interface.write(flash.CR, flash.PG)
    for index in range(4):
        interface.store(ORIGIN + 4 * index, 4, 5)
    assert interface.read(flash.SR) == flash.PROGERR
    assert array.content == {ORIGIN: ERASED, ORIGIN + 8: bytes(7) + b"\x01"}
    interface.write(flash.SR, flash.PROGERR)
    for index in range(4):
        interface.store(ORIGIN + 4 * index, 4, 0)
    assert interface.read(flash.SR) & flash.EOP
    assert array.content == {ORIGIN: bytes(8), ORIGIN + 8: bytes(8)}


@pytest.mark.parametrize(
    ("first", "size_bytes", "error"),
    [(ORIGIN, 2, flash.SIZERR), (ORIGIN + 8, 4, flash.PGAERR), (ORIGIN + 8192, 4, flash.WRPERR)],
)
def test_stores_of_the_wrong_form_or_place_are_refused(
    chip: Stm32U5, array: Array, first: int, size_bytes: int, error: int
) -> None:
    interface = unlock(chip)
    interface.write(flash.WRP1AR, 1 << 16 | 1)  # page 1 alone
    interface.write(flash.CR, flash.PG)
    for index in range(4):
        interface.store(first + 4 * index, size_bytes, 0)
    assert interface.read(flash.SR) == error
    assert set(array.content.values()) == {ERASED}


def test_without_the_keys_nothing_happens(chip: Stm32U5, array: Array) -> None:
    chip.flash_interface.write(flash.CR, flash.PER | flash.STRT)
    chip.flash_interface.write(flash.CR, flash.PG)
    assert array.erased == [] and not array.takes_stores


def test_a_reset_in_the_middle_of_a_quad_word_leaves_it_erased(chip: Stm32U5, array: Array) -> None:
    interface = unlock(chip)
    interface.write(flash.CR, flash.PG)
    for index in range(3):
        interface.store(ORIGIN + 4 * index, 4, 1)
    chip.reset()
    assert set(array.content.values()) == {ERASED}
    assert chip.flash_interface.read(flash.SR) == 0
