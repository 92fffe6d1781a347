"""Where a window that slides over height and width lies: shared by convolutions and pools."""

from dataclasses import dataclass

from orchestrator.compiler.graph import Operator, Tensor
from orchestrator.compiler.step import Field


@dataclass(frozen=True)
class Window:
    """Geometry of a window; `pad_top` and `pad_left` are rows and columns of padding before the input."""

    height: int
    width: int
    stride_y: int
    stride_x: int
    dilation_y: int
    dilation_x: int
    pad_top: int
    pad_left: int

    def fields(self) -> dict[str, Field]:
        """Give the fields of the C struct `mt_window`."""
        return dict(vars(self))

    @property
    def reach_y(self) -> int:
        """Rows from the first tap to the last, dilation included."""
        return (self.height - 1) * self.dilation_y + 1

    @property
    def reach_x(self) -> int:
        """Columns from the first tap to the last, dilation included."""
        return (self.width - 1) * self.dilation_x + 1


def window_of(operator: Operator, height: int, width: int) -> Window:
    """Give the window of a convolution or pool whose kernel has this size.

    Raises:
        UnsupportedModelError: shapes and options contradict each other, or leave the ranges of the kernels.
    """
    source, target = operator.input(0), operator.output
    require_image(operator, source, target)
    dilations = [int(operator.options.get(f"Dilation{axis}Factor", 1)) for axis in "HW"]
    strides = [operator.int_option(f"Stride{axis}") for axis in "HW"]
    operator.require(min(*strides, *dilations, height, width) >= 1, "window, stride and dilation must be >= 1")
    padding = operator.text_option("Padding")
    operator.require(padding in ("SAME", "VALID", "EXPLICIT"), f"padding {padding} is not supported")
    pads = []
    for axis, (kernel, stride, dilation) in enumerate(zip((height, width), strides, dilations, strict=True), start=1):
        pads.append(_pad_before(operator, axis, (kernel - 1) * dilation + 1, stride, padding))
    window = Window(height, width, *strides, *dilations, *pads)
    operator.require(max(vars(window).values()) <= 255, "window, stride, dilation and padding must be <= 255")
    return window


def _pad_before(operator: Operator, axis: int, reach: int, stride: int, padding: str) -> int:
    source, target = operator.input(0).shape[axis], operator.output.shape[axis]
    if padding == "EXPLICIT":  # ours alone: a rewritten operator, whose extents are right
        return operator.int_option(("PadTop", "PadLeft")[axis - 1])
    expected = -(-source // stride) if padding == "SAME" else -(-(source - reach + 1) // stride)
    operator.require(target == expected, f"output extent must be {expected} along axis {axis}, but got {target}")
    return same_padding(source, target, reach, stride) if padding == "SAME" else 0


def same_padding(source: int, target: int, reach: int, stride: int) -> int:
    """Give the padding before `source` values that lets windows of this reach give `target` values."""
    return max((target - 1) * stride + reach - source, 0) // 2


def require_image(operator: Operator, *tensors: Tensor) -> None:
    """Raise unless these are `[1, height, width, channels]` with extents that the kernels can count."""
    for tensor in tensors:
        fits = len(tensor.shape) == 4 and tensor.shape[0] == 1 and max(tensor.shape) <= 65535
        operator.require(fits, f"needs [1, height, width, channels], but '{tensor.name}' is {list(tensor.shape)}")


def shape_fields(tensor: Tensor) -> dict[str, Field]:
    """Give the fields of the C struct `mt_shape`."""
    _, height, width, channels = tensor.shape
    return {"height": height, "width": width, "channels": channels}
