"""One module per operator family; the registry below is the list of what the compiler supports."""

from collections.abc import Callable

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops import (
    batch_matmul,
    blocks,
    conv2d,
    copy,
    depthwise_conv2d,
    elementwise,
    float_boundary,
    hard_swish,
    lookup,
    lstm,
    normalisation,
    pool,
    reduce,
    reshape,
    resize,
    select,
    slice,
    softmax,
    svdf,
    variables,
)
from orchestrator.compiler.ops.int16 import INT16_OPERATORS
from orchestrator.compiler.ops.loops import per_sample
from orchestrator.compiler.ops.plain import or_plain
from orchestrator.compiler.step import Step

STATE_INPUTS = {
    "ASSIGN_VARIABLE": (1,),
    "READ_VARIABLE": (0,),
    "SVDF": (4,),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (18, 19),
}
"""The inputs that an operator changes and finds again in the next inference."""

OPERATORS: dict[str, Callable[[Operator], Step]] = {
    "ABS": lookup.lower_abs,
    "ADD": elementwise.lower_add,
    "ARG_MAX": reduce.lower_arg,
    "ARG_MIN": reduce.lower_arg,
    "ASSIGN_VARIABLE": variables.lower_assign,
    "AVERAGE_POOL_2D": per_sample(pool.lower),
    "BATCH_MATMUL": batch_matmul.lower,
    "BATCH_TO_SPACE_ND": blocks.lower_batch_to_space,
    "BROADCAST_TO": slice.lower_broadcast,
    "CONCATENATION": copy.lower_concatenation,
    "CONSTANT": copy.lower_constant,
    "CONV_2D": per_sample(or_plain(conv2d.lower)),
    "DEPTHWISE_CONV_2D": per_sample(or_plain(depthwise_conv2d.lower)),
    "DEPTH_TO_SPACE": blocks.lower_depth_to_space,
    "DEQUANTIZE": float_boundary.lower_dequantize,
    "ELU": lookup.lower_real,
    "EQUAL": elementwise.lower_compare,
    "EXP": lookup.lower_real,
    "EXPAND_DIMS": reshape.lower,
    "FULLY_CONNECTED": or_plain(conv2d.lower_fully_connected),
    "GATHER": slice.lower_gather,
    "GATHER_ND": slice.lower_gather_nd,
    "GELU": lookup.lower_real,
    "GREATER": elementwise.lower_compare,
    "GREATER_EQUAL": elementwise.lower_compare,
    "HARD_SWISH": hard_swish.lower,
    "INTERLEAVE": copy.lower_interleave,
    "L2_NORMALIZATION": normalisation.lower_l2,
    "LEAKY_RELU": lookup.lower_leaky_relu,
    "LESS": elementwise.lower_compare,
    "LESS_EQUAL": elementwise.lower_compare,
    "LOGICAL_AND": elementwise.lower_logical,
    "LOGICAL_NOT": lookup.lower_not,
    "LOGICAL_OR": elementwise.lower_logical,
    "LOGISTIC": lookup.lower_real,
    "LOOKUP": lookup.lower_table,
    "LOG_SOFTMAX": normalisation.lower_log_softmax,
    "MAXIMUM": elementwise.lower_extreme,
    "MAX_POOL_2D": per_sample(pool.lower),
    "MEAN": reduce.lower_mean,
    "MINIMUM": elementwise.lower_extreme,
    "MIRROR_PAD": copy.lower_mirror_pad,
    "MUL": elementwise.lower_mul,
    "NEG": lookup.lower_real,
    "NOT_EQUAL": elementwise.lower_compare,
    "PACK": copy.lower_pack,
    "PAD": copy.lower_pad,
    "PADV2": copy.lower_pad,
    "PRELU": elementwise.lower_prelu,
    "QUANTIZE": float_boundary.lower_quantize,
    "READ_VARIABLE": variables.lower_read,
    "REDUCE_MAX": reduce.lower_extreme,
    "REDUCE_MIN": reduce.lower_extreme,
    "RELU": lookup.lower_relu,
    "RELU6": lookup.lower_relu6,
    "RELU_0_TO_1": lookup.lower_clamp,
    "RELU_N1_TO_1": lookup.lower_clamp,
    "RESHAPE": reshape.lower,
    "RESIZE_BILINEAR": resize.lower_bilinear,
    "RESIZE_NEAREST_NEIGHBOR": resize.lower_nearest,
    "REVERSE_V2": slice.lower_reverse,
    "RSQRT": normalisation.lower_inverse_root,
    "SELECT_V2": select.lower,
    "SLICE": slice.lower_slice,
    "SOFTMAX": softmax.lower,
    "SPACE_TO_BATCH_ND": blocks.lower_space_to_batch,
    "SPACE_TO_DEPTH": blocks.lower_space_to_depth,
    "SPLIT": copy.lower_split,
    "SPLIT_V": copy.lower_split_v,
    "SQUARE": lookup.lower_real,
    "SQUARED_DIFFERENCE": elementwise.lower_squared_difference,
    "SQUEEZE": reshape.lower,
    "STRIDED_SLICE": slice.lower_strided_slice,
    "SUB": elementwise.lower_sub,
    "SVDF": svdf.lower,
    "SUM": reduce.lower_sum,
    "TANH": lookup.lower_real,
    "TILE": slice.lower_broadcast,
    "TRANSPOSE": slice.lower_transpose,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": lstm.lower,
    "UNPACK": copy.lower_unpack,
}


def is_of_int16(operator: Operator) -> bool:
    """Whether an operator computes with int16 activations; a state may be int16 in an int8 network as well."""
    return operator.has_int16 and operator.name not in STATE_INPUTS


def lower_operator(operator: Operator) -> Step:
    """Lower an operator, one of the registry that its activations call for.

    Raises:
        UnsupportedModelError: these types, shapes or attributes are not supported.
    """
    registry = INT16_OPERATORS if is_of_int16(operator) else OPERATORS
    return registry[operator.name](operator)
