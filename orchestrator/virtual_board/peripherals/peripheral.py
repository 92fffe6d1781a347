"""What every peripheral is: a block of 32-bit registers that remember what was written or do something."""

from collections.abc import Callable, Mapping


class Peripheral:
    """Plain storage; a peripheral overrides `read` and `write` for the registers that act.

    Offsets are word aligned, values are unsigned 32-bit.
    """

    def __init__(self, reset_values: Mapping[int, int] | None = None) -> None:
        self._reset_values = dict(reset_values or {})
        self._stored = dict(self._reset_values)

    def reset(self) -> None:
        """Put every register at its reset value."""
        self._stored = dict(self._reset_values)

    def stored(self, offset: int) -> int:
        """Give what the register holds, without the side effects of a read."""
        return self._stored.get(offset, 0)

    def read(self, offset: int) -> int:
        """Read as the CPU does, side effects included."""
        return self.stored(offset)

    def write(self, offset: int, value: int) -> None:
        """Write as the CPU does."""
        self._stored[offset] = value


class ClockGated(Peripheral):
    """A peripheral behind its clock enable bit: without it, it reads 0 and ignores writes (RM0351 6.2.18)."""

    def __init__(self, inner: Peripheral, is_clocked: Callable[[], bool]) -> None:
        super().__init__()
        self._inner = inner
        self._is_clocked = is_clocked

    def reset(self) -> None:
        self._inner.reset()

    def stored(self, offset: int) -> int:
        return self._inner.stored(offset)

    def read(self, offset: int) -> int:
        return self._inner.read(offset) if self._is_clocked() else 0

    def write(self, offset: int, value: int) -> None:
        if self._is_clocked():
            self._inner.write(offset, value)
