"""Instruction cache of STM32U5 (RM0456, chapter "Instruction cache"): switched on, off and emptied."""

from collections.abc import Callable

from orchestrator.virtual_board.peripherals.peripheral import Peripheral

CR, SR, FCR = 0x00, 0x04, 0x0C
EN, CACHEINV, WAYSEL = 1 << 0, 1 << 1, 1 << 2
BSYENDF = 1 << 1


class Icache(Peripheral):
    """Emptying takes no time; `on_switch` is told of every write to CR, `on_empty` when the cache has been emptied."""

    def __init__(self, on_switch: Callable[[], None], on_empty: Callable[[], None]) -> None:
        super().__init__({CR: WAYSEL})
        self._on_switch = on_switch
        self._on_empty = on_empty

    def reset(self) -> None:
        super().reset()
        self._on_switch()

    def write(self, offset: int, value: int) -> None:
        if offset == CR:
            was_on = self.is_on()
            super().write(CR, value & ~CACHEINV)
            if value & CACHEINV or (was_on and not self.is_on()):
                self._stored[SR] = BSYENDF
                self._on_empty()
            self._on_switch()
        elif offset == FCR:
            self._stored[SR] = self.stored(SR) & ~value
        elif offset != SR:
            super().write(offset, value)

    def is_on(self) -> bool:
        """Say whether reads of the flash go through the cache."""
        return bool(self.stored(CR) & EN)
