"""Which memory of a board holds stack, static data and arena: the ways to try, the default one first."""

from dataclasses import dataclass

from orchestrator.domain.board_type import BoardType, Memory, MemoryKind


@dataclass(frozen=True)
class RamPlacement:
    """A memory for each part; `data` holds .data and .bss. The stack lies at the bottom of its memory."""

    stack: Memory
    data: Memory
    arena: Memory

    @classmethod
    def all_in(cls, memory: Memory) -> "RamPlacement":
        """Give the placement that uses one memory only."""
        return cls(memory, memory, memory)


def ram_placements(board: BoardType) -> tuple[RamPlacement, ...]:
    """Give the placements to try, in order.

    Everything in the default RAM; then, for each further RAM in the board's order, the arena there; then all but the
    arena there. An arena is one buffer and is never divided.
    """
    default = board.memory(MemoryKind.RAM)
    others = [memory for memory in board.memories if memory.kind is MemoryKind.RAM and memory is not default]
    return (
        RamPlacement.all_in(default),
        *(RamPlacement(default, default, other) for other in others),
        *(RamPlacement(other if _faults_below(other, board) else default, other, default) for other in others),
    )


def _faults_below(memory: Memory, board: BoardType) -> bool:
    """Whether a stack that overflows there leaves all memories, so that it faults instead of destroying data."""
    return all(other.end != memory.origin for other in board.memories)
