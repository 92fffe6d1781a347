"""The C files of a library, from what the compiler gave."""

import math
import re

from orchestrator.domain.errors import UnsupportedModelError
from orchestrator.domain.model import CompiledModel, TensorSpec
from orchestrator.export.self_test import SEED, SelfTest
from orchestrator.export.templates import render

C_TYPES = {"int8": "int8_t", "uint8": "uint8_t", "int16": "int16_t", "int32": "int32_t", "float32": "float"}

_INSTANCE = re.compile(r"^const mt_model mt_model_instance\b", re.MULTILINE)
_BYTES_PER_LINE = 18


def check_types(compiled: CompiledModel) -> None:
    """Raise unless every input and output is of a type that the interface converts."""
    for tensor in (*compiled.inputs, *compiled.outputs):
        if tensor.dtype not in C_TYPES:
            raise UnsupportedModelError(
                f"'{tensor.name}' is {tensor.dtype}; inputs and outputs of a library must be {', '.join(C_TYPES)}"
            )


def library_sources(compiled: CompiledModel, test: SelfTest, values: dict[str, object]) -> dict[str, str]:
    """Give header, network and self-test by file name.

    Args:
        values: what the templates share, `name` and `NAME` among it.
    """
    more = values | {
        "tensors": _tensor_constants(compiled, values),
        "input_type": _common_type(compiled.inputs),
        "output_type": _common_type(compiled.outputs),
        "layer_count": len(compiled.layers),
    }
    return {
        f"{values['name']}.h": render("library.h", more),
        f"{values['name']}.c": render("library.c", more | {"network": static_network(compiled.c_source)}),
        f"{values['name']}_self_test.c": _self_test(compiled, test, values),
    }


def static_network(source: str) -> str:
    """Give the generated network with nothing visible outside, so that several of them link into one program."""
    text, count = _INSTANCE.subn("static const mt_model network", source)
    if count != 1:
        raise ValueError(f"the generated source must define mt_model_instance once, but does so {count} times")
    return text


def printable(name: str) -> str:
    """Give a tensor's name so that it can stand in a comment of C or a cell of Markdown."""
    text = "".join(c if c.isascii() and c.isprintable() and c not in "|`<>\\" else "?" for c in name)
    return text.replace("*/", "*?").replace("/*", "/?")


def c_float(value: float) -> str:
    """Give a constant of type float that keeps all bits of a single-precision value."""
    text = f"{value:.9g}"
    return f"{text}f" if any(mark in text for mark in ".e") else f"{text}.0f"


def _common_type(tensors: tuple[TensorSpec, ...]) -> str:
    types = {C_TYPES[tensor.dtype] for tensor in tensors}
    return types.pop() if len(types) == 1 else "void"


def _tensor_constants(compiled: CompiledModel, values: dict[str, object]) -> str:
    rows = [("input", index, tensor) for index, tensor in enumerate(compiled.inputs)]
    rows += [("output", index, tensor) for index, tensor in enumerate(compiled.outputs)]
    counts = f"#define {values['NAME']}_INPUTS {len(compiled.inputs)}\n"
    counts += f"#define {values['NAME']}_OUTPUTS {len(compiled.outputs)}\n\n"
    return counts + "".join(_constants_of(kind, index, tensor, values) for kind, index, tensor in rows)


def _constants_of(kind: str, index: int, tensor: TensorSpec, values: dict[str, object]) -> str:
    facts = {
        "kind": kind.capitalize(),
        "KIND": kind.upper(),
        "index": index,
        "title": printable(tensor.name),
        "dtype": tensor.dtype,
        "shape_list": list(tensor.shape),
        "elements": math.prod(tensor.shape),
        "bytes": tensor.size_bytes,
        "dimensions": len(tensor.shape),
        "shape": ", ".join(map(str, tensor.shape)),
        "scale": c_float(tensor.scale),
        "zero_point": tensor.zero_point,
    }
    return render("tensor.h", values | facts)


def _self_test(compiled: CompiledModel, test: SelfTest, values: dict[str, object]) -> str:
    facts = {
        "seed": SEED,
        "input_count": len(compiled.inputs),
        "output_count": len(compiled.outputs),
        "is_real": ", ".join(str(int(tensor.dtype == "float32")) for tensor in compiled.inputs),
        "output_bytes": sum(tensor.size_bytes for tensor in compiled.outputs),
        "expected": "".join(f"    {{\n{_byte_lines(sample)}    }},\n" for sample in test.expected),
    }
    return render("self_test.c", values | facts)


def _byte_lines(data: bytes) -> str:
    starts = range(0, len(data), _BYTES_PER_LINE)
    chunks = (data[start : start + _BYTES_PER_LINE] for start in starts)
    return "".join(f"        {', '.join(f'0x{byte:02x}' for byte in chunk)},\n" for chunk in chunks)
