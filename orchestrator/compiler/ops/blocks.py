"""Operators that trade height and width for channels or batch: SPACE_TO_DEPTH, SPACE_TO_BATCH_ND and their inverses."""

import math
from itertools import product

import numpy as np

from orchestrator.compiler.graph import Operator, Tensor
from orchestrator.compiler.ops.movement import Copy, layout, movement
from orchestrator.compiler.ops.slice import lower_view
from orchestrator.compiler.step import Step

_MOST_POSITIONS = 1 << 10
"""Of a block: each is a copy of its own in the generated code."""


def lower_space_to_depth(operator: Operator) -> Step:
    """Lower SPACE_TO_DEPTH: a block of pixels becomes one pixel's channels."""
    batch, height, width, channels, block = _blocked(operator, operator.input(0))
    shape = (batch, height // block, block, width // block, block, channels)
    operator.require(height % block == width % block == 0, f"blocks of {block} in {height} x {width}")
    return lower_view(operator, layout(operator.input(0)).reshape(shape).transpose(0, 1, 3, 2, 4, 5))


def lower_depth_to_space(operator: Operator) -> Step:
    """Lower DEPTH_TO_SPACE: a pixel's channels become a block of pixels."""
    batch, height, width, channels, block = _blocked(operator, operator.input(0))
    operator.require(channels % (block * block) == 0, f"{channels} channels for blocks of {block}")
    shape = (batch, height, width, block, block, channels // (block * block))
    return lower_view(operator, layout(operator.input(0)).reshape(shape).transpose(0, 1, 3, 2, 4, 5))


def _blocked(operator: Operator, source: Tensor) -> tuple[int, int, int, int, int]:
    for tensor in (source, operator.output):
        operator.require(len(tensor.shape) == 4, f"needs 4 axes, but got {list(tensor.shape)}")
    block = operator.int_option("BlockSize")
    operator.require(block >= 1, f"block size must be >= 1, but got {block}")
    batch, height, width, channels = source.shape
    return batch, height, width, channels, block


def lower_space_to_batch(operator: Operator) -> Step:
    """Lower SPACE_TO_BATCH_ND: padded with the real 0, then every block position becomes a batch of its own."""
    source, target = operator.input(0), operator.output
    operator.require_same_values(source)
    block, pads = _block_and_margins(operator, source)
    copies = _batch_copies(operator, target, source, block, pads)
    zero = target.zero_point if target.quantisation else 0
    return movement(
        operator,
        [Copy(view_in=of_image, view_out=of_batch) for of_batch, of_image in copies],
        prologue=f"mt_fill_s8({zero}, {target.size_bytes}, {{out}});",
    )


def lower_batch_to_space(operator: Operator) -> Step:
    """Lower BATCH_TO_SPACE_ND: the inverse; what `crops` names is left out."""
    source, target = operator.input(0), operator.output
    operator.require_same_values(source)
    block, crops = _block_and_margins(operator, source)
    copies = _batch_copies(operator, source, target, block, crops)
    return movement(operator, [Copy(view_in=of_batch, view_out=of_image) for of_batch, of_image in copies])


def _block_and_margins(operator: Operator, source: Tensor) -> tuple[list[int], np.ndarray]:
    block, margins = operator.integers(1).reshape(-1).tolist(), operator.integers(2)
    is_pairs = margins.ndim == 2 and margins.shape[1] == 2
    operator.require(is_pairs, f"margins of shape {list(margins.shape)}; needs pairs")
    fits = 1 <= len(block) == len(margins) <= len(source.shape) - 1 and min(block) >= 1 and int(margins.min()) >= 0
    operator.require(fits, f"blocks {block}, margins {margins.tolist()} of {list(source.shape)}")
    return block, margins


def _batch_copies(
    operator: Operator, of_blocks: Tensor, image: Tensor, block: list[int], margins: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Give, for each position in a block, the view of its batch and that of its pixels in the image.

    Pixel p of the image is number (p + before) // block, position (p + before) % block.
    """
    samples = image.shape[0] if image.shape else 0
    fits = len(of_blocks.shape) == len(image.shape) and of_blocks.shape[:1] == (samples * math.prod(block),)
    inner = slice(1, 1 + len(block))
    padded = np.array(image.shape[inner]) + margins.sum(axis=1)
    fits = fits and padded.tolist() == (np.array(of_blocks.shape[inner]) * block).tolist()
    operator.require(fits, f"{list(of_blocks.shape)} to or from {list(image.shape)} by blocks {block}")
    operator.require(math.prod(block) <= _MOST_POSITIONS, f"blocks {block} of more than {_MOST_POSITIONS} values")
    positions = product(*(range(b) for b in block))
    whole, pixels = layout(of_blocks), layout(image)
    before = margins[:, 0].tolist()
    pairs = []
    for number, position in enumerate(positions):
        batch = slice(number * samples, (number + 1) * samples)
        of_batch, of_image = [batch], [slice(None)]
        for axis, (at, b, lead) in enumerate(zip(position, block, before, strict=True), start=1):
            first = max(-((at - lead) // b), 0)  # the first block whose pixel lies inside the image
            pixel = first * b + at - lead
            count = min(-(-(image.shape[axis] - pixel) // b), of_blocks.shape[axis] - first)
            of_batch.append(slice(first, first + count))
            of_image.append(slice(pixel, pixel + count * b, b))
        if all(part.stop > part.start for part in of_batch[1:]):
            pairs.append((whole[tuple(of_batch)], pixels[tuple(of_image)]))
    return pairs
