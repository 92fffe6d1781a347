"""Operators on int16 activations, of networks with 16x8 quantisation: what TensorFlow Lite Micro has, and no more."""

from collections.abc import Callable

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops import copy, reshape, resize, slice
from orchestrator.compiler.ops.int16 import (
    boundary,
    convolution,
    depthwise,
    elementwise,
    pool,
    reduce,
    sigmoid,
    slopes,
    softmax,
)
from orchestrator.compiler.ops.loops import per_sample
from orchestrator.compiler.step import Step

INT16_OPERATORS: dict[str, Callable[[Operator], Step]] = {
    "ABS": slopes.lower_abs,
    "ADD": elementwise.lower_add,
    "AVERAGE_POOL_2D": per_sample(pool.lower),
    "BROADCAST_TO": slice.lower_broadcast,
    "CONCATENATION": copy.lower_concatenation,
    "CONSTANT": copy.lower_constant,
    "CONV_2D": per_sample(convolution.lower_convolution),
    "DEPTHWISE_CONV_2D": per_sample(depthwise.lower),
    "DEQUANTIZE": boundary.lower_dequantize,
    "EXPAND_DIMS": reshape.lower,
    "FULLY_CONNECTED": convolution.lower_fully_connected,
    "INTERLEAVE": copy.lower_interleave,
    "LEAKY_RELU": slopes.lower_leaky_relu,
    "LOGISTIC": sigmoid.lower,
    "MAXIMUM": elementwise.lower_extreme,
    "MAX_POOL_2D": per_sample(pool.lower),
    "MEAN": reduce.lower_mean,
    "MINIMUM": elementwise.lower_extreme,
    "MUL": elementwise.lower_mul,
    "PACK": copy.lower_pack,
    "PAD": copy.lower_pad,
    "PADV2": copy.lower_pad,
    "PRELU": elementwise.lower_prelu,
    "QUANTIZE": boundary.lower_quantize,
    "RELU": slopes.lower_relu,
    "RELU6": slopes.lower_relu6,
    "RESHAPE": reshape.lower,
    "RESIZE_NEAREST_NEIGHBOR": resize.lower_nearest,
    "REVERSE_V2": slice.lower_reverse,
    "SLICE": slice.lower_slice,
    "SOFTMAX": softmax.lower,
    "SPLIT": copy.lower_split,
    "SPLIT_V": copy.lower_split_v,
    "SQUARED_DIFFERENCE": elementwise.lower_squared_difference,
    "SQUEEZE": reshape.lower,
    "STRIDED_SLICE": slice.lower_strided_slice,
    "SUB": elementwise.lower_sub,
    "SUM": reduce.lower_sum,
    "TANH": sigmoid.lower,
    "TRANSPOSE": slice.lower_transpose,
    "UNPACK": copy.lower_unpack,
}
