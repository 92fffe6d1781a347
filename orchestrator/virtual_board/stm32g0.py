"""The STM32G071 around the core (RM0444 2.2.2)."""

from collections.abc import Callable

from orchestrator.domain.board_type import BoardType
from orchestrator.virtual_board.bus import Mapped
from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.flash_interface import AccessControl
from orchestrator.virtual_board.peripherals.flash_interface_l4 import FlashInterfaceG0
from orchestrator.virtual_board.peripherals.peripheral import Peripheral
from orchestrator.virtual_board.peripherals.rcc_g0 import APBENR1, APBENR2, IOPENR, USART2SEL, RccG0
from orchestrator.virtual_board.peripherals.system_control_space import SystemControlSpace
from orchestrator.virtual_board.peripherals.timer import Timer
from orchestrator.virtual_board.peripherals.usart import Usart
from orchestrator.virtual_board.serial_line import SerialLine
from orchestrator.virtual_board.stm32 import Stm32, UartPlace
from orchestrator.virtual_board.timing.flash_timing import ART_OF_G0

GPIO_MODES = {0: 0xEBFF_FFFF}
UARTS = {  # RM0444, table "Vector table"; DS12232 (functions)
    "USART2": UartPlace(Usart, 0x4000_4400, (APBENR1, 17), 28, 1, USART2SEL),
}


class Stm32G0(Stm32):
    """The STM32G071; its Cortex-M0+ has no DWT."""

    accelerator = ART_OF_G0
    rcc_type = RccG0
    flash_type = FlashInterfaceG0
    rcc_base, flash_base = 0x4002_1000, 0x4002_2000
    gpio_base, gpio_enables, gpio_ports = 0x5000_0000, IOPENR, 6
    gpio_mode, gpio_modes = 0xFFFF_FFFF, GPIO_MODES
    unique_id, flash_size = 0x1FFF_7590, 0x1FFF_75E0  # RM0444, chapter "Device electronic signature"
    uarts = UARTS

    def _build(
        self,
        board: BoardType,
        line: SerialLine,
        clock: BoardClock,
        on_access_control: Callable[[AccessControl], None],
        on_byte_read: Callable[[], None],
    ) -> None:
        super()._build(board, line, clock, on_access_control, on_byte_read)
        self.timer = Timer(clock.now)

    def _further_peripherals(self) -> tuple[Mapped, ...]:
        return (
            self._gated(0x4000_0000, self.timer, (APBENR1, 0)),
            self._gated(0x4000_7000, Peripheral({0: 0x208}), (APBENR1, 28)),  # PWR, in range 1
            self._gated(0x4001_0000, Peripheral(), (APBENR2, 0)),  # SYSCFG
        )

    def _core_peripherals(self) -> tuple[Mapped, ...]:
        return (Mapped(0xE000_E000, 0x1000, SystemControlSpace(self.systick, self.nvic, self.scb)),)

    def _max_hclk_hz(self) -> float:
        """RM0444 3.3.4: 24, 48 and 64 MHz with 0, 1 and 2 wait states in range 1."""
        return min(24e6 * (self.flash_interface.wait_states + 1), 64e6)
