"""Power control of STM32L4 and L4+ (RM0351 chapter 5; RM0432 chapter "Power control")."""

from collections.abc import Mapping

from orchestrator.virtual_board.peripherals.peripheral import Peripheral

CR1, CR2, CR3, SR2, CR5 = 0x00, 0x04, 0x08, 0x14, 0x80
IOSV = 1 << 9
R1MODE = 1 << 8

_RESET = {CR1: 0x0000_0200, CR3: 0x0000_8000, SR2: 0x0000_0100}
RESET_OF_L4_PLUS = {CR5: R1MODE}


class PowerL4(Peripheral):
    """Voltage scaling is done at once: SR2.VOSF always reads 0."""

    def __init__(self, further_reset_values: Mapping[int, int] | None = None) -> None:
        super().__init__(_RESET | dict(further_reset_values or {}))

    def is_vddio2_valid(self) -> bool:
        """Say whether the pins PG2 to PG15 are connected (IOSV)."""
        return bool(self.stored(CR2) & IOSV)

    def is_boosted(self) -> bool:
        """Say whether range 1 is in boost mode (STM32L4+ only)."""
        return not self.stored(CR5) & R1MODE
