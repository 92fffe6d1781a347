"""What a timing engine is: it hangs on Unicorn's block hook and counts."""

from dataclasses import dataclass
from typing import Any, Protocol

from orchestrator.virtual_board.timing.block import Block
from orchestrator.virtual_board.timing.flash_timing import Accelerator, FlashTiming

PREDICTED_BRANCHES = 64
"""Branches that a core with prediction remembers; a power of two."""

STRONGLY_TAKEN, WEAKLY_TAKEN = 3, 2
"""Counters of two bits: from `WEAKLY_TAKEN` on a branch is predicted taken."""


@dataclass(frozen=True)
class Watched:
    """What an engine hooks, and how the core reads its memories.

    Attributes:
        flash, peripherals: first address and length in bytes.
        accelerator: None where memories answer at once; accesses are not hooked then, which makes all of them fast.
        mispredict_cycles: of a branch that was predicted wrongly; 0 where none is predicted.
    """

    flash: tuple[int, int]
    peripherals: tuple[int, int]
    accelerator: Accelerator | None
    mispredict_cycles: int = 0


class TimingEngine(Protocol):
    """Counts block by block; stops the emulation at the deadline or at a block it has not learnt yet.

    Stopping happens before the block runs and counts nothing for it.

    Attributes:
        cycles: since power-on, the current block's own cost already included.
        instructions: since power-on.
        deadline: the emulation stops at the first block that starts at or after this many cycles.
        block_address, block_size, block_cycles: the block that runs, or that stopped the emulation.
        stopped: set when the engine stopped the emulation; `missing` when it did so for an unknown block.
    """

    cycles: int
    instructions: int
    deadline: int
    block_address: int
    block_size: int
    block_cycles: int
    block_end: int
    stopped: int
    missing: int

    def attach(self, unicorn: Any, watched: Watched) -> None:
        """Install the hooks."""
        ...

    def learn(self, block: Block) -> None:
        """Remember the cost of a block."""
        ...

    def forget_blocks(self) -> None:
        """Forget every cost: code has changed."""
        ...

    def forget_caches(self) -> None:
        """Empty the caches and forget where branches went."""
        ...

    def set_flash_timing(self, timing: FlashTiming) -> None:
        """Use other stall cycles from now on."""
        ...
