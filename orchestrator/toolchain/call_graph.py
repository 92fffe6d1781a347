"""Who calls whom with how much stack: from GCC's call graphs (`-fcallgraph-info=su`) and from disassembly."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orchestrator.domain.errors import ToolchainError

INDIRECT_CALL = "__indirect_call"
"""GCC's name for whatever a pointer points to."""

# GCC writes VCG. A function known by declaration only has no line of bytes; titles of static ones begin with the file.
_NODE = re.compile(
    r'^node: \{ title: "(?P<title>[^"]+)" label: "[^"]*?\\n(?P<bytes>\d+) bytes \((?P<kind>[\w,]+)\)', re.M
)
_EDGE = re.compile(r'^edge: \{ sourcename: "(?P<caller>[^"]+)" targetname: "(?P<callee>[^"]+)"', re.M)

# objdump -d of ARM code: `08000123 <name>:`, then one instruction a line.
_FUNCTION = re.compile(r"^[0-9a-f]+ <(?P<name>[^>]+)>:$")
# objdump -t: address, seven flags, section, size, name. Of several names of one function, the disassembly shows one.
_SYMBOL = re.compile(r"^(?P<address>[0-9a-f]{8}) .{6}F \.text\t[0-9a-f]+ (?:\.hidden )?(?P<name>\S+)$", re.M)
_BRANCH = re.compile(r"\tb(?:l|\.w|\.n)?\t[0-9a-f]+ <(?P<name>[^>+]+)>")
_POINTER_CALL = re.compile(r"\tblx\t")
_PUSH = re.compile(r"\t(?:v?push(?:\.w)?|v?stmdb\S*\tsp!,)\s*\{(?P<registers>[^}]*)\}")
_LOWER = re.compile(r"\tsub(?:\.w|w)?\tsp, (?:sp, )?#(?P<bytes>\d+)")
_STORE_DOWN = re.compile(r"\tstrd?(?:\.w)?\t.*\[sp, #-(?P<bytes>\d+)\]!")


@dataclass(frozen=True)
class CallGraph:
    """Bytes of stack that each function takes itself, and the functions it calls."""

    frames: Mapping[str, int]
    calls: Mapping[str, frozenset[str]]

    @classmethod
    def merged(cls, graphs: Iterable["CallGraph"]) -> "CallGraph":
        """Give one graph of all; where a name occurs twice, the larger frame and all calls."""
        frames: dict[str, int] = {}
        calls: dict[str, frozenset[str]] = {}
        for graph in graphs:
            for name, count in graph.frames.items():
                frames[name] = max(count, frames.get(name, 0))
            for name, callees in graph.calls.items():
                calls[name] = callees | calls.get(name, frozenset())
        return cls(frames, calls)

    def as_json(self) -> str:
        """Give the graph as text, the same for equal graphs."""
        calls = {name: sorted(callees) for name, callees in self.calls.items()}
        return json.dumps({"frames": dict(self.frames), "calls": calls}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "CallGraph":
        """Read what `as_json` gave."""
        content = json.loads(text)
        return cls(content["frames"], {name: frozenset(callees) for name, callees in content["calls"].items()})


def read_gcc_call_graph(text: str) -> CallGraph:
    """Read the .ci file of one object; static functions are named `file.c:function`.

    Raises:
        ToolchainError: a function takes an unbounded amount of stack.
    """
    frames = {}
    for node in _NODE.finditer(text):
        if node["kind"] == "dynamic":
            raise ToolchainError(f"{_without_folder(node['title'])} takes an unknown amount of stack")
        frames[_without_folder(node["title"])] = int(node["bytes"])
    return CallGraph(frames, _grouped((edge["caller"], edge["callee"]) for edge in _EDGE.finditer(text)))


def _grouped(edges: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    calls: dict[str, set[str]] = {}
    for caller, callee in edges:
        calls.setdefault(_without_folder(caller), set()).add(_without_folder(callee))
    return {caller: frozenset(callees) for caller, callees in calls.items()}


def _without_folder(title: str) -> str:
    return title.rpartition("/")[2]


def read_disassembly(text: str) -> CallGraph:
    """Read what `objdump -t -d` writes of ARM code.

    All instructions that lower the stack pointer count, whether or not they run in one call: an upper bound as long as
    none is in a loop, as in the libraries that come without GCC's figures.
    """
    frames: dict[str, int] = {}
    edges: list[tuple[str, str]] = []
    name = ""
    for line in text.splitlines():
        if start := _FUNCTION.match(line):
            name = start["name"]
            frames[name] = 0
        elif name:
            frames[name] += _lowered_bytes(line)
            if (branch := _BRANCH.search(line)) and branch["name"] != name:
                edges.append((name, branch["name"]))
            if _POINTER_CALL.search(line):
                edges.append((name, INDIRECT_CALL))
    return _with_all_names(CallGraph(frames, _grouped(edges)), text)


def _with_all_names(graph: CallGraph, symbols: str) -> CallGraph:
    """Add the other names that symbols give to the functions of a graph."""
    groups: dict[str, list[str]] = {}
    for symbol in _SYMBOL.finditer(symbols):
        groups.setdefault(symbol["address"], []).append(symbol["name"])
    frames, calls = dict(graph.frames), dict(graph.calls)
    for names in groups.values():
        for shown in graph.frames.keys() & set(names):
            frames.update(dict.fromkeys(names, frames[shown]))
            calls.update(dict.fromkeys(names, calls.get(shown, frozenset())))
    return CallGraph(frames, calls)


def _lowered_bytes(line: str) -> int:
    if push := _PUSH.search(line):
        return sum(map(_register_bytes, push["registers"].split(",")))
    lowered = _LOWER.search(line) or _STORE_DOWN.search(line)
    return int(lowered["bytes"]) if lowered else 0


def _register_bytes(registers: str) -> int:
    """Give the bytes of one register or a range such as `d8-d15`."""
    first, _, last = registers.strip().partition("-")
    count = int(last[1:]) - int(first[1:]) + 1 if last else 1
    return count * (8 if first.startswith("d") else 4)
