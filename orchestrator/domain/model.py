"""A network on its way to a board: the .tflite, its compiled form, the linked image."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class TensorSpec:
    """An input or output of a network: `value = scale * (stored - zero_point)`; dtype as numpy names it."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int

    @property
    def size_bytes(self) -> int:
        """Bytes of the whole tensor."""
        count = 1
        for extent in self.shape:
            count *= extent
        return count * {"int8": 1, "uint8": 1, "int16": 2, "int32": 4, "float32": 4}[self.dtype]


@dataclass(frozen=True)
class Layer:
    """One step of the compiled network, in execution order; `macs` are multiply-accumulates."""

    name: str
    operator: str
    macs: int


@dataclass(frozen=True)
class PlannedBuffer:
    """Where a tensor, or several in turn, or scratch memory lies in the arena.

    Attributes:
        first_step: index of the first layer that needs it; an input is there from layer 0 on.
        last_step: index of the last layer that needs it.
    """

    name: str
    offset: int
    size_bytes: int
    first_step: int
    last_step: int


@dataclass(frozen=True)
class MemoryPlan:
    """What lies where in the arena, and when.

    Attributes:
        lower_bound_bytes: the largest set of buffers needed at once: no arena can be smaller with this order of
            layers.
        state_bytes: of the arena, kept from one inference to the next.
        buffers: by first step, then offset. No two that live at the same time overlap.
    """

    arena_bytes: int
    lower_bound_bytes: int
    buffers: tuple[PlannedBuffer, ...]
    state_bytes: int = 0


@dataclass(frozen=True)
class CompiledModel:
    """A network as C, the same for every board.

    Attributes:
        model_hash: first 16 hex digits of the SHA-256 of the .tflite; what the firmware reports.
        architecture_key: hash of operators, shapes, types and attributes without weights and quantisation
            values: networks that share it have the same RAM, flash and cycles.
        c_source: the generated translation unit, to be compiled against `boards/runtime/include`.
        layers: in the order in which they run, which on branches may differ from the file's.
    """

    model_hash: str
    architecture_key: str
    c_source: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    layers: tuple[Layer, ...]
    memory_plan: MemoryPlan

    @property
    def arena_bytes(self) -> int:
        """Tensors and scratch after memory planning."""
        return self.memory_plan.arena_bytes


@dataclass(frozen=True)
class RegionUse:
    """How much of one memory the linked image takes."""

    name: str
    used_bytes: int
    size_bytes: int


@dataclass(frozen=True)
class Footprint:
    """What the linked image takes, read from the ELF: known without a board.

    Attributes:
        flash_bytes: everything programmed into flash (.text, .rodata, weights, load image of .data).
        weights_bytes: weights and biases as stored in flash.
        static_ram_bytes: .data + .bss, tensor arena included, stack excluded.
        arena_bytes: tensors and scratch.
        stack_bound_bytes: the most that the stack can take through one inference, by the call graph; what a run takes
            is measured on the board, and never more.
    """

    flash_bytes: int
    weights_bytes: int
    static_ram_bytes: int
    arena_bytes: int
    stack_bound_bytes: int
    regions: tuple[RegionUse, ...]

    @property
    def code_bytes(self) -> int:
        """Flash that is not weights: code, constants and tables."""
        return self.flash_bytes - self.weights_bytes


@dataclass(frozen=True)
class Segment:
    """Bytes to be programmed at an address of flash."""

    address: int
    data: bytes


@dataclass(frozen=True)
class FirmwareImage:
    """A linked image for one board type: the same bytes on silicon, in Renode and on the virtual board.

    Attributes:
        weights_addresses: where in flash nothing but weights, biases and their scales lies: no program, no pointer, no
            shape.
    """

    board: str
    model_hash: str
    elf: bytes
    segments: tuple[Segment, ...]
    footprint: Footprint
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    layers: tuple[Layer, ...]
    weights_addresses: range = range(0)

    @property
    def image_hash(self) -> str:
        """First 16 hex digits of the SHA-256 of what is programmed and where: equal for equal images."""
        digest = hashlib.sha256()
        for segment in sorted(self.segments, key=lambda segment: segment.address):
            digest.update(segment.address.to_bytes(4, "little") + segment.data)
        return digest.hexdigest()[:16]
