"""A key for the architecture alone: what RAM, flash and cycles depend on."""

import hashlib
import json
import re
from collections.abc import Sequence

import numpy as np

from orchestrator.compiler.graph import Graph, Tensor
from orchestrator.compiler.step import Step

_KEY_DIGITS = 16
_KERNEL = re.compile(r"\bmt_\w+(?=\()")


def architecture_key(graph: Graph, steps: Sequence[Step]) -> str:
    """Hash operators, attributes, shapes, types and wiring; not weights, quantisation values or names.

    Integer constants without a scale (axes, paddings, shapes) are attributes and count. So do the kernels that the
    operators were lowered to: unusual weights take another one.
    """
    numbers: dict[int, int] = {}

    def describe(tensor: Tensor | None) -> object:
        if tensor is None:
            return None
        number = numbers.setdefault(tensor.index, len(numbers))
        scales = len(tensor.quantisation.scales) if tensor.quantisation else 0
        return [number, tensor.shape, tensor.dtype, scales > 1, tensor.data is not None, _attribute(tensor)]

    description = {
        "inputs": [describe(tensor) for tensor in graph.inputs],
        "operators": [
            [operator.name, dict(operator.options), [describe(t) for t in (*operator.inputs, *operator.outputs)]]
            for operator in graph.operators
        ],
        "outputs": [describe(tensor) for tensor in graph.outputs],
        "kernels": [_KERNEL.findall(step.call) for step in steps],
    }
    text = json.dumps(description, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_DIGITS]


def _attribute(tensor: Tensor) -> object:
    is_attribute = tensor.data is not None and tensor.quantisation is None
    if not is_attribute or tensor.data is None or not np.issubdtype(tensor.data.dtype, np.integer):
        return None
    return tensor.data.tolist()
