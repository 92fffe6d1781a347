"""The older USART of STM32F4 (RM0390 chapter 25): status in SR, both directions through DR."""

from collections.abc import Callable

from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.usart import RXNE, TC, Usart
from orchestrator.virtual_board.serial_line import SerialLine

SR, DR, BRR, CR1 = 0x00, 0x04, 0x08, 0x0C
SR_RESET = 0x0000_00C0
UE = 1 << 13


class UsartV1(Usart):
    """`core_cycles_per_clock`: how many cycles of the core one clock of the USART takes."""

    control, divider, status, received = CR1, BRR, SR, DR
    status_reset = SR_RESET
    enable = UE

    def __init__(
        self,
        line: SerialLine,
        kernel_clock_hz: Callable[[], float],
        pins_are_switched: Callable[[], bool],
        clock: BoardClock,
        on_byte_read: Callable[[], None],
        core_cycles_per_clock: Callable[[], float],
    ) -> None:
        super().__init__(line, kernel_clock_hz, pins_are_switched, clock, on_byte_read)
        self._core_cycles_per_clock = core_cycles_per_clock

    def write(self, offset: int, value: int) -> None:
        if offset == SR:  # RXNE and TC are cleared by writing 0
            self._change_flags(clear=~value & (RXNE | TC))
        elif offset == DR:
            self._transmit(value & 0xFF)
        else:
            self._stored[offset] = value
        self._clock.stop_now()

    def _bit_cycles(self) -> int:
        return round(self._bit_clocks() * self._core_cycles_per_clock())
