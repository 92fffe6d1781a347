"""MEAN over height and width: global average pooling with its own scale."""

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.window import require_image
from orchestrator.compiler.quantise import INT8_MAX, INT8_MIN, OutputRange, Scale, quantise_multiplier
from orchestrator.compiler.step import Field, Step


def lower(operator: Operator) -> Step:
    """Lower to `mt_mean_s8`."""
    source, target = operator.input(0), operator.output
    operator.require_int8(source, target)
    require_image(operator, source)
    axes = sorted(int(axis) % 4 for axis in operator.constant(1).reshape(-1).tolist())
    operator.require(axes == [1, 2], f"only the axes [1, 2] are supported, but got {axes}")
    _, height, width, channels = source.shape
    operator.require(target.elements == channels, f"{target.elements} outputs for {channels} channels")
    pixels = height * width
    scale = mean_scale(source.scale / target.scale, pixels)
    operator.require(scale.fits(pixels * 255), f"sums of {pixels} pixels leave 32 bits")
    fields: dict[str, Field] = {
        "pixels": pixels,
        "channels": channels,
        "offset": pixels * source.zero_point,
        "scale": scale.fields(),
        "output": OutputRange(target.zero_point, INT8_MIN, INT8_MAX).fields(),
    }
    return Step(operator, params=("mt_mean", fields), call="mt_mean_s8(&{params}, {in0}, {out});")


def mean_scale(ratio: float, pixels: int) -> Scale:
    """Give ratio / pixels as the reference folds it: the integer multiplier is divided, not the real ratio."""
    multiplier, shift = quantise_multiplier(ratio)
    bits = min(pixels.bit_length() - 1, 32, 31 + shift)
    return Scale.of_shifted((multiplier << bits) // pixels, shift - bits)
