"""The most stack that one inference can take, from the call graph of what is linked: a bound, not a measurement."""

import re
from collections.abc import Mapping

from orchestrator.domain.errors import ToolchainError
from orchestrator.toolchain.call_graph import INDIRECT_CALL, CallGraph

_ENTRY = "mt_reset"
_INFERENCE = "mt_bench_layers"

# What pointers lead to: the caller, and the functions it may call (boards/firmware: bench.c, protocol.c).
_POINTERS = (
    (re.compile(r"mt_bench_layers"), re.compile(r"model\.c:layer_\d+")),
    (re.compile(r"mt_protocol_serve|protocol\.c:.*"), re.compile(r"commands_\w+\.c:.*")),
)

# An interrupt may come at the deepest point; all have one priority, so that none interrupts another. A fault is no
# interrupt here: its handler starts from a fresh stack and ends in a reset.
_HANDLER = re.compile(r"(?:.*:)?(?!mt_fault_)\w+_handler")
_EXCEPTION_FRAME_BYTES = {False: 8 * 4 + 4, True: 26 * 4 + 4}
"""What the core pushes, without and with FPU registers, and the word that may align it (ARMv7-M ARM, B1.5.6)."""


def stack_bound_bytes(compiled: CallGraph, linked: CallGraph, *, has_fpu: bool) -> int:
    """Give the most stack from reset through one inference, interrupts included.

    Args:
        compiled: GCC's figures of firmware, runtime and network.
        linked: the disassembled image: supplies the functions of the C library, and GCC's own helpers.

    Raises:
        ToolchainError: a function calls itself, or through a pointer that leads nobody knows where.
    """
    depths = _Depths(_completed(compiled, linked))
    handlers = [depths.below(name) for name in compiled.frames if _HANDLER.fullmatch(name)]
    interrupt = max(handlers) + _EXCEPTION_FRAME_BYTES[has_fpu] if handlers else 0
    inference = depths.through(_ENTRY, _INFERENCE)
    if inference is None:
        raise ToolchainError(f"no call leads from {_ENTRY} to {_INFERENCE}: the bound of the stack is unknown")
    return inference + interrupt


def _completed(compiled: CallGraph, linked: CallGraph) -> CallGraph:
    """Add the library's functions, with the calls to them that GCC does not tell."""
    known = {_bare(name) for name in compiled.frames}
    library = CallGraph(
        {name: count for name, count in linked.frames.items() if name not in known},
        {name: callees for name, callees in linked.calls.items() if name not in known},
    )
    helpers = {
        name: frozenset(linked.calls.get(_bare(name), frozenset()) & library.frames.keys()) for name in compiled.frames
    }
    return CallGraph.merged([compiled, library, CallGraph({}, helpers)])


def _bare(name: str) -> str:
    return name.rpartition(":")[2]


class _Depths:
    """Longest paths through a call graph; each function is looked at once."""

    def __init__(self, graph: CallGraph) -> None:
        self._frames: Mapping[str, int] = graph.frames
        self._graph = graph
        self._below: dict[str, int] = {}
        self._through: dict[str, int | None] = {}
        self._open: list[str] = []

    def below(self, name: str) -> int:
        """Give the most stack that a call of `name` takes, itself included."""
        if name in self._open:
            raise ToolchainError(f"{name} calls itself: the bound of the stack is unknown")
        if name not in self._below:
            self._open.append(name)
            self._below[name] = self._frame(name) + max(map(self.below, self._callees(name)), default=0)
            self._open.pop()
        return self._below[name]

    def through(self, name: str, middle: str) -> int | None:
        """Give the same over those paths only that pass through `middle`; None where there is none."""
        if name == middle:
            return self.below(name)
        if name not in self._through:
            self._through[name] = None  # meanwhile: a way back to here is no way through
            ways = [self.through(callee, middle) for callee in self._callees(name)]
            deepest = max((way for way in ways if way is not None), default=None)
            self._through[name] = None if deepest is None else self._frame(name) + deepest
        return self._through[name]

    def _frame(self, name: str) -> int:
        if name not in self._frames:
            raise ToolchainError(f"the stack that {name} takes is unknown")
        return self._frames[name]

    def _callees(self, name: str) -> list[str]:
        callees = sorted(self._graph.calls.get(name, frozenset()))
        if INDIRECT_CALL not in callees:
            return callees
        targets = next((target for caller, target in _POINTERS if caller.fullmatch(name)), None)
        if targets is None:
            raise ToolchainError(f"{name} calls through a pointer: add what it leads to in stack_usage.py")
        found = [function for function in sorted(self._frames) if targets.fullmatch(function)]
        return [callee for callee in callees if callee != INDIRECT_CALL] + found
