"""The STM32G071 around the core: which peripheral sits where (RM0444 2.2.2) and how they are wired."""

from collections.abc import Callable

from orchestrator.domain.board_type import BoardType
from orchestrator.virtual_board.bus import BLOCK_BYTES, Mapped
from orchestrator.virtual_board.chip import Chip, flash_kib
from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.constant import Constant
from orchestrator.virtual_board.peripherals.flash_interface import AccessControl, FlashInterfaceG0
from orchestrator.virtual_board.peripherals.gpio import Gpio
from orchestrator.virtual_board.peripherals.nvic import FIRST_IRQ
from orchestrator.virtual_board.peripherals.peripheral import Peripheral
from orchestrator.virtual_board.peripherals.rcc_g0 import APBENR1, APBENR2, IOPENR, RccG0
from orchestrator.virtual_board.peripherals.system_control_space import SystemControlSpace
from orchestrator.virtual_board.peripherals.timer import Timer
from orchestrator.virtual_board.peripherals.usart import Usart
from orchestrator.virtual_board.serial_line import SerialLine
from orchestrator.virtual_board.timing.flash_timing import ART_OF_G0

USART2_EXCEPTION = FIRST_IRQ + 28
"""RM0444, table "Vector table": USART2 is interrupt 28."""

PORT_A, USART2_PINS, USART2_FUNCTION = 0, (2, 3), 1
"""PA2 and PA3 at alternate function 1 reach the ST-LINK's serial line (UM2324, DS12232)."""

GPIO_BASE, GPIO_PORTS = 0x5000_0000, 6
_GPIO_MODER_RESET = {0: 0xEBFF_FFFF}

SIGNATURE_BASE = 0x1FFF_7400
UNIQUE_ID_OFFSET, FLASH_SIZE_OFFSET = 0x190, 0x1E0
"""0x1FFF7590 and 0x1FFF75E0 (RM0444 chapter "Device electronic signature")."""


class Stm32G0(Chip):
    """The STM32G071; its Cortex-M0+ has no DWT."""

    accelerator = ART_OF_G0
    console_exception = USART2_EXCEPTION
    rcc: RccG0

    def _build(
        self,
        line: SerialLine,
        clock: BoardClock,
        on_access_control: Callable[[AccessControl], None],
        on_byte_read: Callable[[], None],
    ) -> None:
        self.rcc = RccG0(self._check_core_clock)
        self.gpios = [Gpio(_GPIO_MODER_RESET.get(port, 0xFFFF_FFFF)) for port in range(GPIO_PORTS)]
        self.timer = Timer(clock.now)
        self.usart = Usart(line, self.rcc.usart2_hz, self._usart_pins_are_switched, clock, on_byte_read)
        self.flash_interface = FlashInterfaceG0(on_access_control, clock, self.rcc.hclk_hz)

    def _max_hclk_hz(self) -> float:
        """RM0444 3.3.4: 24, 48 and 64 MHz with 0, 1 and 2 wait states in range 1."""
        return min(24e6 * (self.flash_interface.wait_states + 1), 64e6)

    def _usart_pins_are_switched(self) -> bool:
        return self._are_switched(PORT_A, USART2_PINS, USART2_FUNCTION)

    def _bus_peripherals(self) -> tuple[Mapped, ...]:
        return (
            Mapped(0x4002_1000, BLOCK_BYTES, self.rcc),
            Mapped(0x4002_2000, BLOCK_BYTES, self.flash_interface),
            self._gated(0x4000_0000, self.timer, APBENR1, 0),
            self._gated(0x4000_4400, self.usart, APBENR1, 17),
            self._gated(0x4000_7000, Peripheral({0: 0x208}), APBENR1, 28),  # PWR, in range 1
            self._gated(0x4001_0000, Peripheral(), APBENR2, 0),  # SYSCFG
            *self._gpio_ports(GPIO_BASE, IOPENR),
        )

    def _core_peripherals(self) -> tuple[Mapped, ...]:
        return (Mapped(0xE000_E000, 0x1000, SystemControlSpace(self.systick, self.nvic, self.scb)),)

    def _factory_words(self, board: BoardType, unique_id: tuple[int, ...]) -> tuple[Mapped, ...]:
        signature = {UNIQUE_ID_OFFSET + 4 * index: word for index, word in enumerate(unique_id)}
        signature[FLASH_SIZE_OFFSET] = 0xFFFF_0000 | flash_kib(board)
        return (Mapped(SIGNATURE_BASE, BLOCK_BYTES, Constant(signature)),)
