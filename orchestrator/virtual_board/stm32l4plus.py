"""The STM32L4R and STM32L4S around the core: what they do not have in common with the STM32L4 (RM0432)."""

from orchestrator.virtual_board.peripherals.power_l4 import RESET_OF_L4_PLUS, PowerL4
from orchestrator.virtual_board.stm32l4 import Stm32L4


class Stm32L4Plus(Stm32L4):
    """A chip with boost mode."""

    def _max_hclk_hz(self) -> float:
        """RM0432, chapters "Embedded flash memory" and "Power control": above 80 MHz only in boost mode."""
        for_flash_hz = 20e6 * (self.flash_interface.wait_states + 1)
        return for_flash_hz if self.power.is_boosted() else min(for_flash_hz, 80e6)

    def _power(self) -> PowerL4:
        return PowerL4(RESET_OF_L4_PLUS)
