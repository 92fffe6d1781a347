"""The STM32L4R5 around the core: what it does not have in common with the STM32L476 (RM0432)."""

from collections.abc import Callable

from orchestrator.virtual_board.bus import Mapped
from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.nvic import FIRST_IRQ
from orchestrator.virtual_board.peripherals.power import RESET_OF_L4_PLUS, Power
from orchestrator.virtual_board.peripherals.rcc import APB1ENR2, LPUART1SEL
from orchestrator.virtual_board.peripherals.usart import LowPowerUart, Usart
from orchestrator.virtual_board.serial_line import SerialLine
from orchestrator.virtual_board.stm32l4 import Stm32L4

LPUART1_EXCEPTION = FIRST_IRQ + 70
"""RM0432, chapter "Nested vectored interrupt controller": LPUART1 is interrupt 70."""

PORT_G, LPUART1_PINS, LPUART1_FUNCTION = 6, (7, 8), 8
"""PG7 and PG8 at alternate function 8 reach the ST-LINK's serial line (UM2179, DS12023)."""


class Stm32L4Plus(Stm32L4):
    """A chip with nine GPIO ports, VDDIO2, boost mode, and the console on LPUART1."""

    gpio_ports = 9
    console_exception = LPUART1_EXCEPTION

    def _max_hclk_hz(self) -> float:
        """RM0432, chapters "Embedded flash memory" and "Power control": above 80 MHz only in boost mode."""
        for_flash_hz = 20e6 * (self.flash_interface.wait_states + 1)
        return for_flash_hz if self.power.is_boosted() else min(for_flash_hz, 80e6)

    def _power(self) -> Power:
        return Power(RESET_OF_L4_PLUS)

    def _console(self, line: SerialLine, clock: BoardClock, on_byte_read: Callable[[], None]) -> Usart:
        return LowPowerUart(
            line, lambda: self.rcc.kernel_hz(LPUART1SEL), self._usart_pins_are_switched, clock, on_byte_read
        )

    def _console_mapped(self) -> Mapped:
        return self._gated(0x4000_8000, self.usart, APB1ENR2, 0)

    def _usart_pins_are_switched(self) -> bool:
        return self._are_switched(PORT_G, LPUART1_PINS, LPUART1_FUNCTION) and self.power.is_vddio2_valid()
