"""Nested vectored interrupt controller (ARMv7-M ARM B3.4): which external interrupts are enabled and pending."""

from collections.abc import Callable

from orchestrator.virtual_board.peripherals.peripheral import Peripheral

ISER, ICER, ISPR, ICPR, IABR, IPR = 0x000, 0x080, 0x100, 0x180, 0x200, 0x300
"""Offsets from 0xE000E100."""

FIRST_IRQ = 16
"""Exception number of external interrupt 0."""


class Nvic(Peripheral):
    """Exception numbers are used throughout: external interrupt n is 16 + n."""

    def __init__(self, on_change: Callable[[], None], priority_mask: int) -> None:
        super().__init__()
        self._priority_mask = priority_mask
        self._on_change = on_change
        self.enabled: set[int] = set()
        self.pending: set[int] = set()

    def reset(self) -> None:
        super().reset()
        self.enabled.clear()
        self.pending.clear()

    def read(self, offset: int) -> int:
        if offset >= IPR:
            return self.stored(offset)
        chosen = self.enabled if offset < ISPR else self.pending
        first = FIRST_IRQ + (offset % 0x80) * 8
        return sum(1 << (number - first) for number in chosen if first <= number < first + 32)

    def write(self, offset: int, value: int) -> None:
        if offset >= IPR:
            super().write(offset, value)
            return
        first = FIRST_IRQ + (offset % 0x80) * 8
        numbers = {first + bit for bit in range(32) if value >> bit & 1}
        if offset < ICER:
            self.enabled |= numbers
        elif offset < ISPR:
            self.enabled -= numbers
        elif offset < ICPR:
            self.pending |= numbers
        elif offset < IABR:
            self.pending -= numbers
        self._on_change()

    def priority(self, number: int) -> int:
        """Priority of an external interrupt: the bits that the chip implements."""
        irq = number - FIRST_IRQ
        return self.stored(IPR + (irq & ~3)) >> (8 * (irq & 3)) & self._priority_mask
