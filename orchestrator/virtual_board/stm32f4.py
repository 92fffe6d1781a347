"""The STM32F446 around the core: which peripheral sits where (RM0390 2.2.2) and how they are wired."""

import logging
from collections.abc import Callable

from orchestrator.domain.board_type import BoardType
from orchestrator.virtual_board.bus import BLOCK_BYTES, Mapped
from orchestrator.virtual_board.chip import Chip, flash_kib
from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.constant import Constant
from orchestrator.virtual_board.peripherals.flash_interface import AccessControl
from orchestrator.virtual_board.peripherals.flash_interface_f4 import FlashInterfaceF4
from orchestrator.virtual_board.peripherals.gpio import Gpio
from orchestrator.virtual_board.peripherals.nvic import FIRST_IRQ
from orchestrator.virtual_board.peripherals.peripheral import Peripheral
from orchestrator.virtual_board.peripherals.power_f4 import PowerF4
from orchestrator.virtual_board.peripherals.rcc_f4 import AHB1ENR, APB1ENR, APB2ENR, RccF4
from orchestrator.virtual_board.peripherals.usart_v1 import UsartV1
from orchestrator.virtual_board.serial_line import SerialLine
from orchestrator.virtual_board.timing.flash_timing import ART_128_BITS

logger = logging.getLogger(__name__)

USART2_EXCEPTION = FIRST_IRQ + 38
"""RM0390, table "Vector table for STM32F446xx": USART2 is interrupt 38."""

PORT_A, USART2_PINS, USART2_FUNCTION = 0, (2, 3), 7
"""PA2 and PA3 at alternate function 7 reach the ST-LINK's serial line (UM1724, DS10693)."""

GPIO_BASE, GPIO_PORTS = 0x4002_0000, 8
_GPIO_MODER_RESET = {0: 0xA800_0000, 1: 0x0000_0280}

SIGNATURE_BASE = 0x1FFF_7800
UNIQUE_ID_OFFSET, FLASH_SIZE_OFFSET = 0x210, 0x220
"""0x1FFF7A10, and the upper half of the word at 0x1FFF7A20 (RM0390 chapter "Device electronic signature")."""

MAX_APB1_HZ, MAX_APB2_HZ = 45e6, 90e6
"""RM0390 6.2."""


class Stm32F4(Chip):
    """The STM32F446."""

    accelerator = ART_128_BITS
    console_exception = USART2_EXCEPTION
    rcc: RccF4

    def _build(
        self,
        line: SerialLine,
        clock: BoardClock,
        on_access_control: Callable[[AccessControl], None],
        on_byte_read: Callable[[], None],
    ) -> None:
        self.rcc = RccF4(self._check_core_clock)
        self.gpios = [Gpio(_GPIO_MODER_RESET.get(port, 0)) for port in range(GPIO_PORTS)]
        self.power = PowerF4()
        self.usart = UsartV1(
            line, self.rcc.pclk1_hz, self._usart_pins_are_switched, clock, on_byte_read, self.rcc.apb1_divider
        )
        self.flash_interface = FlashInterfaceF4(on_access_control, clock, self.rcc.hclk_hz)

    def _max_hclk_hz(self) -> float:
        """RM0390, table "Number of wait states according to CPU clock (HCLK) frequency": 2.7 V and more."""
        return min(30e6 * (self.flash_interface.wait_states + 1), self.power.max_hclk_hz())

    def _check_core_clock(self) -> None:
        super()._check_core_clock()
        hclk_hz = self.rcc.hclk_hz()
        if hclk_hz / self.rcc.apb1_divider() > MAX_APB1_HZ or hclk_hz / self.rcc.apb2_divider() > MAX_APB2_HZ:
            logger.error("the core runs at %.0f MHz, and APB1 or APB2 faster than it may", hclk_hz / 1e6)

    def _usart_pins_are_switched(self) -> bool:
        return self._are_switched(PORT_A, USART2_PINS, USART2_FUNCTION)

    def _bus_peripherals(self) -> tuple[Mapped, ...]:
        return (
            Mapped(0x4002_3800, BLOCK_BYTES, self.rcc),
            Mapped(0x4002_3C00, BLOCK_BYTES, self.flash_interface),
            self._gated(0x4000_4400, self.usart, APB1ENR, 17),
            self._gated(0x4000_7000, self.power, APB1ENR, 28),
            self._gated(0x4001_3800, Peripheral(), APB2ENR, 14),  # SYSCFG
            *self._gpio_ports(GPIO_BASE, AHB1ENR),
        )

    def _factory_words(self, board: BoardType, unique_id: tuple[int, ...]) -> tuple[Mapped, ...]:
        signature = {UNIQUE_ID_OFFSET + 4 * index: word for index, word in enumerate(unique_id)}
        signature[FLASH_SIZE_OFFSET] = flash_kib(board) << 16 | 0xFFFF
        return (Mapped(SIGNATURE_BASE, BLOCK_BYTES, Constant(signature)),)
