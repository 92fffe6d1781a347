"""Random networks of one operator that moves values, for comparison with the oracle."""

from typing import Any

import numpy as np

from tests.unit.compiler.operator_models import OperatorModels
from tests.unit.compiler.tflite_builder import TfliteBuilder


class Sketch:
    """A network whose tensors all share one scale, unless said otherwise."""

    def __init__(self, models: OperatorModels) -> None:
        self.models = models
        self.builder = TfliteBuilder()
        self.scale, self.zero_point = models.scale(), models.zero_point()

    def tensor(self, shape: tuple[int, ...], **given: Any) -> int:
        common = {"dtype": self.models.dtype, "scale": self.scale, "zero_point": self.zero_point}
        return self.builder.tensor(tuple(shape), **{**common, **given})

    def numbers(self, values: Any) -> int:
        array = np.array(values, np.int32)
        return self.builder.tensor(array.shape, "int32", data=array)

    def shape(self, rank: int, highest: int = 5) -> tuple[int, ...]:
        return tuple(self.models.integer(1, highest) for _ in range(rank))

    def run(
        self, name: str, inputs: list[int], outputs: list[int], table: str = "", network_inputs: int = 1, **options: Any
    ) -> bytes:
        self.builder.operator(name, inputs, outputs, table, **options)
        return self.builder.build(inputs[:network_inputs], outputs)


def concatenation(models: OperatorModels) -> bytes:
    """CONCATENATION of two to four tensors, one of them perhaps a constant or used twice."""
    sketch = Sketch(models)
    shape = list(sketch.shape(models.integer(1, 4), 4))
    axis = models.integer(0, len(shape) - 1)
    parts, computed, total = [], [], 0
    for number in range(models.integer(2, 4)):
        shape[axis] = models.integer(1, 4)
        total += shape[axis]
        is_constant = number > 0 and models.integer(0, 3) == 0
        data = models.values(tuple(shape)) if is_constant else None
        parts.append(sketch.tensor(tuple(shape), data=data))
        computed += [] if is_constant else [parts[-1]]
    if models.integer(0, 2) == 0:
        parts.append(parts[-1])
        total += shape[axis]
    shape[axis] = total
    y = sketch.tensor(tuple(shape))
    options = {"axis": axis - len(shape) * models.integer(0, 1)}
    sketch.builder.operator("CONCATENATION", parts, [y], "ConcatenationOptions", **options)
    return sketch.builder.build(computed, [y])


def pack(models: OperatorModels) -> bytes:
    """PACK of one to four tensors along any axis."""
    sketch = Sketch(models)
    shape = sketch.shape(models.integer(1, 3))
    axis, count = models.integer(0, len(shape)), models.integer(1, 4)
    parts = [sketch.tensor(shape) for _ in range(count)]
    y = sketch.tensor((*shape[:axis], count, *shape[axis:]))
    return sketch.run("PACK", parts, [y], "PackOptions", count, axis=axis, valuesCount=count)


def unpack(models: OperatorModels) -> bytes:
    """UNPACK along any axis."""
    sketch = Sketch(models)
    shape = sketch.shape(models.integer(2, 4), 4)
    axis = models.integer(0, len(shape) - 1)
    x = sketch.tensor(shape)
    parts = [sketch.tensor((*shape[:axis], *shape[axis + 1 :])) for _ in range(shape[axis])]
    return sketch.run("UNPACK", [x], parts, "UnpackOptions", axis=axis - len(shape), num=shape[axis])


def split(models: OperatorModels) -> bytes:
    """SPLIT into equal parts."""
    sketch = Sketch(models)
    shape = list(sketch.shape(models.integer(1, 4)))
    axis, count = models.integer(0, len(shape) - 1), models.integer(1, 4)
    shape[axis] *= count
    x, number = sketch.tensor(tuple(shape)), sketch.numbers(axis)
    shape[axis] //= count
    parts = [sketch.tensor(tuple(shape)) for _ in range(count)]
    sketch.builder.operator("SPLIT", [number, x], parts, "SplitOptions", numSplits=count)
    return sketch.builder.build([x], parts)


def split_v(models: OperatorModels) -> bytes:
    """SPLIT_V into unequal parts."""
    sketch = Sketch(models)
    shape = list(sketch.shape(models.integer(1, 4)))
    axis, sizes = models.integer(0, len(shape) - 1), [models.integer(1, 3) for _ in range(models.integer(1, 3))]
    shape[axis] = sum(sizes)
    x = sketch.tensor(tuple(shape))
    parts = [sketch.tensor((*shape[:axis], size, *shape[axis + 1 :])) for size in sizes]
    inputs = [x, sketch.numbers(sizes), sketch.numbers(axis)]
    return sketch.run("SPLIT_V", inputs, parts, "SplitVOptions", numSplits=len(sizes))


def pad(models: OperatorModels, name: str = "PAD") -> bytes:
    """PAD or PADV2 of any axes of up to four."""
    sketch = Sketch(models)
    shape = sketch.shape(models.integer(1, 4))
    paddings = np.array([[models.integer(0, 2), models.integer(0, 2)] for _ in shape])
    x = sketch.tensor(shape)
    inputs = [x, sketch.numbers(paddings)]
    if name == "PADV2":
        inputs.append(sketch.tensor((1,), data=models.values((1,))))
    return sketch.run(name, inputs, [sketch.tensor(_grown(shape, paddings))], f"{name.replace('PAD', 'Pad')}Options")


def mirror_pad(models: OperatorModels) -> bytes:
    """MIRROR_PAD with and without the border itself."""
    sketch = Sketch(models)
    shape = tuple(extent + 2 for extent in sketch.shape(models.integer(1, 4), 3))
    paddings = np.array([[models.integer(0, 2), models.integer(0, 2)] for _ in shape])
    x = sketch.tensor(shape)
    y = sketch.tensor(_grown(shape, paddings))
    return sketch.run("MIRROR_PAD", [x, sketch.numbers(paddings)], [y], "MirrorPadOptions", mode=models.integer(0, 1))


def _grown(shape: tuple[int, ...], paddings: np.ndarray) -> tuple[int, ...]:
    return tuple(int(extent + pair.sum()) for extent, pair in zip(shape, paddings, strict=True))


def slice_(models: OperatorModels) -> bytes:
    """SLICE of up to five axes, sometimes to the end of one."""
    sketch = Sketch(models)
    shape = sketch.shape(models.integer(1, 5))
    begins = [models.integer(0, extent - 1) for extent in shape]
    sizes = [models.integer(1, extent - begin) for extent, begin in zip(shape, begins, strict=True)]
    given = list(sizes)
    if models.integer(0, 1):
        sizes[0], given[0] = shape[0] - begins[0], -1
    x, y = sketch.tensor(shape), sketch.tensor(tuple(sizes))
    return sketch.run("SLICE", [x, sketch.numbers(begins), sketch.numbers(given)], [y], "SliceOptions")


def strided_slice(models: OperatorModels) -> bytes:
    """STRIDED_SLICE with masks and negative strides."""
    sketch = Sketch(models)
    shape = sketch.shape(models.integer(1, 4), 6)
    key: list[Any] = []
    begins, ends, strides = [], [], []
    masks = {"beginMask": 0, "endMask": 0, "shrinkAxisMask": 0}
    for axis, extent in enumerate(shape):
        begin, stride = models.integer(0, extent - 1), models.integer(1, 3)
        end = models.integer(begin + 1, extent + 1)
        if models.integer(0, 3) == 0:
            begin, end, stride = begin - extent, -extent - 1, -stride
        bits = {name: int(models.integer(0, 4) == 0) for name in masks}
        if bits["shrinkAxisMask"] and stride > 0:
            bits = {"beginMask": 0, "endMask": 0, "shrinkAxisMask": 1}
            key.append(begin)
            end, stride = begin + 1, 1
        else:
            bits["shrinkAxisMask"] = 0
            key.append(slice(None if bits["beginMask"] else begin, None if bits["endMask"] else end, stride))
        for name, bit in bits.items():
            masks[name] |= bit << axis
        begins.append(begin)
        ends.append(end)
        strides.append(stride)
    result = np.empty(shape, np.int8)[tuple(key)].shape
    x, y = sketch.tensor(shape), sketch.tensor(result)
    inputs = [x, *(sketch.numbers(values) for values in (begins, ends, strides))]
    return sketch.run("STRIDED_SLICE", inputs, [y], "StridedSliceOptions", **masks)


def transpose(models: OperatorModels) -> bytes:
    """TRANSPOSE of up to five axes by any permutation."""
    sketch = Sketch(models)
    shape = sketch.shape(models.integer(2, 5), 5)
    order = np.random.default_rng(models.integer(0, 1000)).permutation(len(shape)).tolist()
    x, y = sketch.tensor(shape), sketch.tensor(tuple(shape[axis] for axis in order))
    return sketch.run("TRANSPOSE", [x, sketch.numbers(order)], [y], "TransposeOptions")


def reverse(models: OperatorModels) -> bytes:
    """REVERSE_V2 along one axis."""
    sketch = Sketch(models)
    shape = sketch.shape(models.integer(1, 4))
    x, y = sketch.tensor(shape), sketch.tensor(shape)
    axis = sketch.numbers([models.integer(0, len(shape) - 1)])
    return sketch.run("REVERSE_V2", [x, axis], [y], "ReverseV2Options")


def broadcast_to(models: OperatorModels) -> bytes:
    """BROADCAST_TO of any axes of extent 1, and of new ones."""
    sketch = Sketch(models)
    target = sketch.shape(models.integer(1, 4))
    shape = tuple(extent if models.integer(0, 1) else 1 for extent in target)[models.integer(0, len(target) - 1) :]
    x, y = sketch.tensor(shape), sketch.tensor(target)
    return sketch.run("BROADCAST_TO", [x, sketch.numbers(target)], [y], "BroadcastToOptions")


def gather(models: OperatorModels) -> bytes:
    """GATHER of constant positions along any axis."""
    sketch = Sketch(models)
    shape = sketch.shape(models.integer(1, 4))
    axis = models.integer(0, len(shape) - 1)
    positions = [models.integer(0, shape[axis] - 1) for _ in range(models.integer(1, 6))]
    x, y = sketch.tensor(shape), sketch.tensor((*shape[:axis], len(positions), *shape[axis + 1 :]))
    return sketch.run("GATHER", [x, sketch.numbers(positions)], [y], "GatherOptions", axis=axis)


def gather_nd(models: OperatorModels) -> bytes:
    """GATHER_ND of constant positions along the first axes, up to all of them."""
    sketch = Sketch(models)
    shape = sketch.shape(models.integer(1, 4))
    count, results = models.integer(1, len(shape)), sketch.shape(models.integer(1, 2))
    positions = [[models.integer(0, extent - 1) for extent in shape[:count]] for _ in range(int(np.prod(results)))]
    x, y = sketch.tensor(shape), sketch.tensor((*results, *shape[count:]))
    return sketch.run("GATHER_ND", [x, sketch.numbers(np.reshape(positions, (*results, count)))], [y])


def space_and_depth(models: OperatorModels, name: str) -> bytes:
    """SPACE_TO_DEPTH or DEPTH_TO_SPACE."""
    sketch = Sketch(models)
    block = models.integer(1, 3)
    batch, height, width, channels = sketch.shape(4, 4)
    image, blocks = (batch, height * block, width * block, channels), (batch, height, width, channels * block * block)
    shapes = (image, blocks) if name == "SPACE_TO_DEPTH" else (blocks, image)
    x, y = (sketch.tensor(shape) for shape in shapes)
    table = "SpaceToDepthOptions" if name == "SPACE_TO_DEPTH" else "DepthToSpaceOptions"
    return sketch.run(name, [x], [y], table, blockSize=block)


def space_and_batch(models: OperatorModels, name: str) -> bytes:
    """SPACE_TO_BATCH_ND without paddings (the reference pads with a number that it never sets), or the inverse."""
    sketch = Sketch(models)
    block = [models.integer(1, 3), models.integer(1, 3)]
    batch, rows, columns, channels = sketch.shape(4, 4)
    crops = name == "BATCH_TO_SPACE_ND"
    margins = [[models.integer(0, 1), models.integer(0, 1)] if b > 1 and crops else [0, 0] for b in block]
    extents = [n * b - sum(m) for n, b, m in zip((rows + 1, columns + 1), block, margins, strict=True)]
    image, blocks = (batch, *extents, channels), (batch * block[0] * block[1], rows + 1, columns + 1, channels)
    shapes = (image, blocks) if name == "SPACE_TO_BATCH_ND" else (blocks, image)
    x, y = (sketch.tensor(shape) for shape in shapes)
    table = "SpaceToBatchNDOptions" if name == "SPACE_TO_BATCH_ND" else "BatchToSpaceNDOptions"
    return sketch.run(name, [x, sketch.numbers(block), sketch.numbers(margins)], [y], table)


def resize(models: OperatorModels, name: str) -> bytes:
    """RESIZE_NEAREST_NEIGHBOR or RESIZE_BILINEAR, by whole factors and by others."""
    sketch = Sketch(models)
    batch, height, width, channels = sketch.shape(4, 6)
    size = [models.integer(1, 12), models.integer(1, 12)]
    if models.integer(0, 2) == 0:
        size = [height * models.integer(1, 3), width * models.integer(1, 3)]
    x, y = sketch.tensor((batch, height, width, channels)), sketch.tensor((batch, *size, channels))
    align, half = [(False, False), (True, False), (False, True)][models.integer(0, 2)]
    table = "ResizeBilinearOptions" if name == "RESIZE_BILINEAR" else "ResizeNearestNeighborOptions"
    inputs = [x, sketch.numbers(size)]
    return sketch.run(name, inputs, [y], table, alignCorners=align, halfPixelCenters=half)
