"""The older USART of STM32F4 (RM0390 chapter 25): status in SR, both directions through DR."""

from orchestrator.virtual_board.peripherals.usart import RXNE, TC, Usart

SR, DR, BRR, CR1 = 0x00, 0x04, 0x08, 0x0C
SR_RESET = 0x0000_00C0
UE = 1 << 13


class UsartV1(Usart):
    """The registers where they were, and what clears flags as it was."""

    control, divider, status, received = CR1, BRR, SR, DR
    status_reset = SR_RESET
    enable = UE

    def write(self, offset: int, value: int) -> None:
        if offset == SR:  # RXNE and TC are cleared by writing 0
            self._change_flags(clear=~value & (RXNE | TC))
        elif offset == DR:
            self._transmit(value & 0xFF)
        else:
            self._stored[offset] = value
        self._clock.stop_now()
