"""General-purpose I/O port (RM0351 chapter 8): BSRR and BRR act on ODR, outputs read back in IDR."""

from orchestrator.virtual_board.peripherals.peripheral import Peripheral

MODER, IDR, ODR, BSRR, AFRL, BRR = 0x00, 0x10, 0x14, 0x18, 0x20, 0x28
ALTERNATE = 2


class Gpio(Peripheral):
    """One port; `moder_reset` differs between ports (debug pins of A and B)."""

    def __init__(self, moder_reset: int = 0xFFFF_FFFF) -> None:
        super().__init__({MODER: moder_reset})

    def read(self, offset: int) -> int:
        return self.stored(ODR) if offset == IDR else super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if offset == BSRR:
            super().write(ODR, (self.stored(ODR) & ~(value >> 16) | value) & 0xFFFF)
        elif offset == BRR:
            super().write(ODR, self.stored(ODR) & ~value & 0xFFFF)
        else:
            super().write(offset, value)

    def has_alternate_function(self, pin: int, function: int) -> bool:
        """Say whether `pin` (0 to 15) is switched to alternate function number `function`."""
        mode = self.stored(MODER) >> (2 * pin) & 3
        selected = self.stored(AFRL + 4 * (pin // 8)) >> (4 * (pin % 8)) & 0xF
        return mode == ALTERNATE and selected == function
