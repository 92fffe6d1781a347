"""SysTick timer (ARMv7-M ARM B3.3), counting from the board's clock."""

from collections.abc import Callable

from orchestrator.virtual_board.peripherals.peripheral import Peripheral

CSR, RVR, CVR, CALIB = 0x0, 0x4, 0x8, 0xC
ENABLE, TICKINT, CLKSOURCE, COUNTFLAG = 1 << 0, 1 << 1, 1 << 2, 1 << 16


class SysTick(Peripheral):
    """Counts down from RVR; `now` gives core cycles, sleep included; `on_change` is told of new settings."""

    def __init__(self, now: Callable[[], int], on_change: Callable[[], None]) -> None:
        super().__init__()
        self._now = now
        self._on_change = on_change
        self._started_at = 0
        self._ticks_seen = 0
        self._ticks_flagged = 0

    def reset(self) -> None:
        super().reset()
        self._restart()

    def read(self, offset: int) -> int:
        if offset == CVR:
            return self._current()
        if offset == CSR:
            ticks = self._ticks(self._now())
            flag = COUNTFLAG if ticks > self._ticks_flagged else 0
            self._ticks_flagged = ticks
            return self.stored(CSR) & 7 | flag
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        was_enabled = bool(self.stored(CSR) & ENABLE)
        super().write(offset, value & 0xFF_FFFF)
        if offset == CVR or (offset == CSR and value & ENABLE and not was_enabled):
            self._restart()
        self._on_change()

    def next_interrupt_at(self) -> int | None:
        """Give the time of the next interrupt in core cycles, or None when none will come."""
        if self.stored(CSR) & (ENABLE | TICKINT) != ENABLE | TICKINT or self.stored(RVR) == 0:
            return None
        return self._started_at + (self._ticks_seen + 1) * self._period()

    def take_interrupt(self) -> bool:
        """Say whether an interrupt became due since the last call."""
        due = self.next_interrupt_at()
        if due is None or self._now() < due:
            return False
        self._ticks_seen = self._ticks(self._now())
        return True

    def _restart(self) -> None:
        self._started_at = self._now()
        self._ticks_seen = self._ticks_flagged = 0

    def _divider(self) -> int:
        return 1 if self.stored(CSR) & CLKSOURCE else 8

    def _period(self) -> int:
        return (self.stored(RVR) + 1) * self._divider()

    def _ticks(self, now: int) -> int:
        return (now - self._started_at) // self._period() if self.stored(CSR) & ENABLE else self._ticks_seen

    def _current(self) -> int:
        if not self.stored(CSR) & ENABLE:
            return 0
        elapsed = (self._now() - self._started_at) // self._divider()
        return (-elapsed) % (self.stored(RVR) + 1)
