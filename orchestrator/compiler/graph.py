"""A network as the reader gives it: frozen records, free of the file format."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from orchestrator.domain.errors import UnsupportedModelError


@dataclass(frozen=True)
class Quantisation:
    """`value = scale * (stored - zero_point)`; one scale for the tensor, or one for each index along `axis`."""

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int


@dataclass(frozen=True)
class Tensor:
    """A tensor.

    Attributes:
        data: its content where it is a constant, in `shape` and `dtype`.
        is_state: it is never computed anew: an operator reads it, changes it, and finds it so in the next inference.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    quantisation: Quantisation | None = None
    data: NDArray[np.generic] | None = field(default=None, compare=False, repr=False)
    is_state: bool = False

    @property
    def elements(self) -> int:
        """Number of values."""
        count = 1
        for extent in self.shape:
            count *= extent
        return count

    @property
    def size_bytes(self) -> int:
        """Bytes of the whole tensor."""
        return self.elements * np.dtype(self.dtype).itemsize

    @property
    def scale(self) -> float:
        """The scale of a tensor that has a single one.

        Raises:
            UnsupportedModelError: the tensor is not quantised, or has several scales.
        """
        return self._single().scales[0]

    @property
    def zero_point(self) -> int:
        """The zero point that goes with `scale`; raises as it does."""
        return self._single().zero_points[0]

    def _single(self) -> Quantisation:
        if self.quantisation is None or len(self.quantisation.scales) != 1:
            raise UnsupportedModelError(f"tensor '{self.name}' is not quantised with one scale; convert to full int8")
        return self.quantisation


_ADVICE = {
    "float32": "; convert the network to full int8",
    "uint8": "; convert the network again, to int8: only inputs and outputs may be uint8",
}
Option = int | float | bool | str


@dataclass(frozen=True)
class Operator:
    """One operator of the network; absent optional inputs are None."""

    index: int
    name: str
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    options: Mapping[str, Option] = field(default_factory=dict)

    @property
    def output(self) -> Tensor:
        """The first output."""
        return self.outputs[0]

    @property
    def title(self) -> str:
        """The name of the first output; of the variable that it assigns where there is none."""
        named = self.outputs[0] if self.outputs else self.inputs[-1]
        return named.name if named is not None else "none"

    @property
    def activations(self) -> tuple[Tensor, ...]:
        """The inputs that are not constant: computed at run time, or state."""
        return tuple(tensor for tensor in self.inputs if tensor is not None and tensor.data is None)

    @property
    def has_int16(self) -> bool:
        """Whether an activation, read or written, is int16."""
        return any(tensor.dtype == "int16" for tensor in (*self.activations, *self.outputs))

    def input(self, position: int) -> Tensor:
        """Give an input that must be there."""
        tensor = self.optional_input(position)
        if tensor is None:
            raise self.unsupported(f"needs an input {position}")
        return tensor

    def optional_input(self, position: int) -> Tensor | None:
        """Give an input, None where it is absent."""
        return self.inputs[position] if position < len(self.inputs) else None

    def constant(self, position: int) -> NDArray[np.generic]:
        """Give the content of an input that must be a constant."""
        data = self.input(position).data
        if data is None:
            raise self.unsupported(f"needs a constant as input {position}")
        return data

    def integers(self, position: int, least: int = 1) -> NDArray[np.generic]:
        """Give a constant of whole numbers, `least` or more: axes, sizes, paddings."""
        data = self.constant(position)
        is_whole = data.dtype in (np.int32, np.int64)
        self.require(is_whole, f"needs whole numbers as input {position}, but got {data.dtype}")
        self.require(data.size >= least, f"needs numbers as input {position}, but got none")
        return data

    def state(self, position: int) -> Tensor:
        """Give an input that must be state."""
        tensor = self.input(position)
        self.require(tensor.is_state, f"input {position}, '{tensor.name}', must be a variable")
        return tensor

    def int_option(self, name: str) -> int:
        """Give an option that is a whole number; options carry the names of the schema's fields."""
        return int(self.options[name])

    def text_option(self, name: str) -> str:
        """Give an option that is one of an enum's names, such as the fused activation."""
        return str(self.options[name])

    def require(self, holds: bool, rule: str) -> None:
        """Raise with the text `rule` unless it holds."""
        if not holds:
            raise self.unsupported(rule)

    def require_same_values(self, *tensors: Tensor) -> None:
        """Raise unless a stored value stands for the same real one in the output and in all of these.

        Scales that exporters computed twice differ in their last digits: less than half a step over the whole range
        is the same.
        """
        for tensor in tensors:
            same = tensor.dtype == self.output.dtype and _is_same(tensor, self.output)
            self.require(same, "inputs and outputs must have the same type, scale and zero point")

    def require_int8(self, *tensors: Tensor) -> None:
        """Raise unless all these activations are int8 and quantised with one scale."""
        for tensor in tensors:
            advice = _ADVICE.get(tensor.dtype, "")
            self.require(tensor.dtype == "int8", f"needs int8, but '{tensor.name}' is {tensor.dtype}{advice}")
            self.require(tensor.scale > 0.0, f"the scale of '{tensor.name}' must be > 0, but got {tensor.scale}")

    def require_int16(self, *tensors: Tensor) -> None:
        """Raise unless all these activations are int16 and quantised with one scale and zero point 0."""
        for tensor in tensors:
            self.require(tensor.dtype == "int16", f"needs int16, but '{tensor.name}' is {tensor.dtype}")
            self.require(tensor.scale > 0.0, f"the scale of '{tensor.name}' must be > 0, but got {tensor.scale}")
            point = tensor.zero_point
            self.require(point == 0, f"the zero point of '{tensor.name}', int16, must be 0, but is {point}")

    def unsupported(self, rule: str) -> UnsupportedModelError:
        """The error that names this operator."""
        output = self.outputs[0].name if self.outputs else "none"
        return UnsupportedModelError(f"operator {self.index} {self.name} (output '{output}'): {rule}")

    def named(self, error: UnsupportedModelError) -> UnsupportedModelError:
        """The same error, with this operator's name if it has none yet."""
        return error if str(error).startswith("operator ") else self.unsupported(str(error))


def _is_same(tensor: Tensor, other: Tensor) -> bool:
    a, b = tensor.quantisation, other.quantisation
    if a is None or b is None:
        return a is b
    steps = 2 ** (8 * np.dtype(tensor.dtype).itemsize) - 1
    pairs = zip(a.scales, b.scales, strict=False)
    near = len(a.scales) == len(b.scales) and all(2 * steps * abs(x - y) <= y for x, y in pairs)
    return near and a.zero_points == b.zero_points


@dataclass(frozen=True)
class Graph:
    """A network: operators in execution order."""

    operators: tuple[Operator, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    @property
    def states(self) -> tuple[Tensor, ...]:
        """What stays from one inference to the next, in the order in which it is read."""
        read = (tensor for operator in self.operators for tensor in operator.activations if tensor.is_state)
        return tuple({tensor.index: tensor for tensor in read}.values())

    @property
    def given(self) -> tuple[Tensor, ...]:
        """What is in memory before the first operator runs: inputs and state."""
        return (*self.inputs, *self.states)
