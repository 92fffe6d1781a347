"""General-purpose timer of STM32 (RM0444 chapter "TIM2/TIM3/TIM4"): counting up from the core's clock, nothing else."""

from collections.abc import Callable

from orchestrator.virtual_board.peripherals.peripheral import Peripheral

CR1, CNT, PSC, ARR = 0x00, 0x24, 0x28, 0x2C
CEN = 1


class Timer(Peripheral):
    """A timer of 32 bits; it goes on while the core sleeps, as `now` does."""

    def __init__(self, now: Callable[[], int]) -> None:
        super().__init__({ARR: 0xFFFF_FFFF})
        self._now = now
        self._started_at: int | None = None
        self._held = 0

    def reset(self) -> None:
        super().reset()
        self._started_at, self._held = None, 0

    def read(self, offset: int) -> int:
        return self._count() if offset == CNT else super().read(offset)

    def write(self, offset: int, value: int) -> None:
        self._held, self._started_at = value if offset == CNT else self._count(), None
        if offset != CNT:
            super().write(offset, value)
        if self.stored(CR1) & CEN:
            self._started_at = self._now()

    def _count(self) -> int:
        elapsed = 0 if self._started_at is None else (self._now() - self._started_at) // (self.stored(PSC) + 1)
        return (self._held + elapsed) % (self.stored(ARR) + 1)
