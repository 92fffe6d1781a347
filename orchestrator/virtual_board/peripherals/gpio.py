"""General-purpose I/O port (RM0351 chapter 8): BSRR and BRR act on ODR, outputs read back in IDR."""

from collections.abc import Callable

from orchestrator.virtual_board.peripherals.peripheral import Peripheral

MODER, IDR, ODR, BSRR, AFRL, BRR = 0x00, 0x10, 0x14, 0x18, 0x20, 0x28
OUTPUT, ALTERNATE = 1, 2


class Gpio(Peripheral):
    """One port; `moder_reset` differs between ports (debug pins of A and B)."""

    def __init__(self, moder_reset: int = 0xFFFF_FFFF) -> None:
        super().__init__({MODER: moder_reset})
        self._watchers: list[tuple[int, Callable[[bool], None]]] = []
        self._driven_high = 0

    def watch(self, pin: int, on_change: Callable[[bool], None]) -> None:
        """Tell `on_change` whenever `pin` begins or ceases to be an output that is high."""
        self._watchers.append((pin, on_change))

    def reset(self) -> None:
        super().reset()
        self._drive()

    def read(self, offset: int) -> int:
        return self.stored(ODR) if offset == IDR else super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if offset == BSRR:
            super().write(ODR, (self.stored(ODR) & ~(value >> 16) | value) & 0xFFFF)
        elif offset == BRR:
            super().write(ODR, self.stored(ODR) & ~value & 0xFFFF)
        else:
            super().write(offset, value)
        self._drive()

    def is_driven_high(self, pin: int) -> bool:
        """Say whether `pin` (0 to 15) is an output that is high."""
        return self._mode(pin) == OUTPUT and bool(self.stored(ODR) >> pin & 1)

    def has_alternate_function(self, pin: int, function: int) -> bool:
        """Say whether `pin` (0 to 15) is switched to alternate function number `function`."""
        selected = self.stored(AFRL + 4 * (pin // 8)) >> (4 * (pin % 8)) & 0xF
        return self._mode(pin) == ALTERNATE and selected == function

    def _mode(self, pin: int) -> int:
        return self.stored(MODER) >> (2 * pin) & 3

    def _drive(self) -> None:
        before = self._driven_high
        self._driven_high = sum(1 << pin for pin, _ in self._watchers if self.is_driven_high(pin))
        for pin, on_change in self._watchers:
            if (before ^ self._driven_high) >> pin & 1:
                on_change(bool(self._driven_high >> pin & 1))
