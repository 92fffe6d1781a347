"""A network on its way to a board: the .tflite, its compiled form, the linked image."""

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
class CompiledModel:
    """A network as C, the same for every board.

    Attributes:
        model_hash: first 16 hex digits of the SHA-256 of the .tflite; what the firmware reports.
        architecture_key: hash of operators, shapes, types and attributes without weights and quantisation
            values: networks that share it have the same RAM, flash and cycles.
        c_source: the generated translation unit, to be compiled against `boards/runtime/include`.
        arena_bytes: tensors and scratch after memory planning.
    """

    model_hash: str
    architecture_key: str
    c_source: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    layers: tuple[Layer, ...]
    arena_bytes: int


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
    """

    flash_bytes: int
    weights_bytes: int
    static_ram_bytes: int
    arena_bytes: int
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
    """A linked image for one board type: the same bytes on silicon, in Renode and on the virtual board."""

    board: str
    model_hash: str
    elf: bytes
    segments: tuple[Segment, ...]
    footprint: Footprint
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    layers: tuple[Layer, ...]
