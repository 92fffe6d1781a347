"""One module per operator family; the registry below is the list of what the compiler supports."""

from collections.abc import Callable

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops import (
    conv2d,
    copy,
    depthwise_conv2d,
    elementwise,
    float_boundary,
    fully_connected,
    lookup,
    mean,
    pool,
    reshape,
    softmax,
)
from orchestrator.compiler.step import Step

OPERATORS: dict[str, Callable[[Operator], Step]] = {
    "ADD": elementwise.lower_add,
    "AVERAGE_POOL_2D": pool.lower,
    "CONCATENATION": copy.lower_concatenation,
    "CONV_2D": conv2d.lower,
    "DEPTHWISE_CONV_2D": depthwise_conv2d.lower,
    "DEQUANTIZE": float_boundary.lower_dequantize,
    "ELU": lookup.lower_real,
    "EXPAND_DIMS": reshape.lower,
    "FULLY_CONNECTED": fully_connected.lower,
    "LEAKY_RELU": lookup.lower_leaky_relu,
    "LOGISTIC": lookup.lower_real,
    "MAX_POOL_2D": pool.lower,
    "MEAN": mean.lower,
    "MUL": elementwise.lower_mul,
    "PAD": copy.lower_pad,
    "QUANTIZE": float_boundary.lower_quantize,
    "RELU": lookup.lower_relu,
    "RELU6": lookup.lower_relu6,
    "RESHAPE": reshape.lower,
    "SOFTMAX": softmax.lower,
    "SQUEEZE": reshape.lower,
    "TANH": lookup.lower_real,
}
