"""What the rest of a chip asks its reset and clock control."""

from typing import Protocol


class ClockTree(Protocol):
    """Clock enables and frequencies as configured."""

    def is_enabled(self, register: int, bit: int) -> bool:
        """Say whether a peripheral's clock enable bit is set."""
        ...

    def hclk_hz(self) -> float:
        """Frequency of the core and the AHB."""
        ...
