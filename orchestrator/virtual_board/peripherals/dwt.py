"""Data watchpoint and trace unit (ARMv7-M ARM C1.8): the cycle counter."""

from collections.abc import Callable

from orchestrator.virtual_board.peripherals.peripheral import Peripheral

CTRL, CYCCNT, LAR, LSR = 0x000, 0x004, 0xFB0, 0xFB4
UNLOCK = 0xC5AC_CE55
"""CoreSight Architecture Specification, Lock Access Register."""

CYCCNTENA = 1


class Dwt(Peripheral):
    """CYCCNT counts core cycles while CYCCNTENA and DEMCR.TRCENA are set; it stands still in WFI.

    With a lock, writes are ignored until it is opened.
    """

    def __init__(self, cycles: Callable[[], int], is_trace_enabled: Callable[[], bool], has_lock: bool = False) -> None:
        super().__init__({CTRL: 0x4000_0000, LSR: 3 if has_lock else 0})
        self._cycles = cycles
        self._is_trace_enabled = is_trace_enabled
        self._started_at: int | None = None
        self._held = 0

    def reset(self) -> None:
        super().reset()
        self._started_at, self._held = None, 0

    def read(self, offset: int) -> int:
        return self._count() if offset == CYCCNT else super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if offset == LAR:
            self._stored[LSR] = self.stored(LSR) & 1 | (2 if self.stored(LSR) and value != UNLOCK else 0)
            return
        if self.stored(LSR) & 2:
            return
        if offset == CYCCNT:
            self._held = value
            if self._started_at is not None:
                self._started_at = self._cycles()
            return
        super().write(offset, value)
        self.update()

    def update(self) -> None:
        """Start or stop counting as CTRL and DEMCR now say."""
        counts = bool(self.stored(CTRL) & CYCCNTENA) and self._is_trace_enabled()
        if counts and self._started_at is None:
            self._started_at = self._cycles()
        elif not counts and self._started_at is not None:
            self._held, self._started_at = self._count(), None

    def _count(self) -> int:
        elapsed = 0 if self._started_at is None else self._cycles() - self._started_at
        return (self._held + elapsed) & 0xFFFF_FFFF
