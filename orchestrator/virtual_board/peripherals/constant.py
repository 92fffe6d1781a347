"""Words burnt in at the factory: unique id, flash size, chip id, the bootloader's version."""

from orchestrator.virtual_board.peripherals.peripheral import Peripheral


class Constant(Peripheral):
    """Read-only words at their offsets; the rest reads 0, writes have no effect."""

    def write(self, offset: int, value: int) -> None:
        """Ignore the write."""
