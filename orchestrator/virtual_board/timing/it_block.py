"""What hooks of memory accesses have to put right after Unicorn.

Before it calls such a hook, Unicorn brings the program counter up to date, and with it the bits of an IT block around
the access. Nothing clears them when the access goes on, so that the next block would begin as if it were in that one.
"""

from typing import Any

from unicorn import arm_const

IT_BITS = 0x0600_FC00
"""Of xPSR (ARM DDI 0403, B1.4.2); of CPSR, as Unicorn has it, the same."""


def leave_it_block(unicorn_engine: Any) -> None:
    """Clear the bits; call it in every hook of an access that then goes on."""
    status = unicorn_engine.reg_read(arm_const.UC_ARM_REG_CPSR)
    if status & IT_BITS:
        unicorn_engine.reg_write(arm_const.UC_ARM_REG_CPSR, status & ~IT_BITS)
