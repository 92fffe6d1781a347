"""Damage to a file, drawn from a seeded generator: what bad disks, cut transfers and malice do."""

import random
import struct
from collections.abc import Callable

# Numbers at which counts, offsets and shapes go wrong.
_WORDS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7F800000, 0x7FC00000, 0xBF800000)


def damaged(content: bytes, generator: random.Random) -> bytes:
    """Give the file with one to four damages."""
    damage = bytearray(content)
    for _ in range(generator.randint(1, 4)):
        if len(damage) > 8:
            generator.choice(_DAMAGES)(damage, generator)
    return bytes(damage)


def _flip_bits(damage: bytearray, generator: random.Random) -> None:
    for _ in range(generator.randint(1, 8)):
        damage[_place(damage, generator)] ^= 1 << generator.randrange(8)


def _overwrite_run(damage: bytearray, generator: random.Random) -> None:
    start = _place(damage, generator)
    end = min(start + generator.randint(1, 64), len(damage))
    damage[start:end] = generator.choice(
        (bytes(end - start), b"\xff" * (end - start), generator.randbytes(end - start))
    )


def _overwrite_word(damage: bytearray, generator: random.Random) -> None:
    start = min(_place(damage, generator) & ~3, len(damage) - 4)
    damage[start : start + 4] = struct.pack("<I", generator.choice(_WORDS))


def _nudge_word(damage: bytearray, generator: random.Random) -> None:
    start = min(_place(damage, generator) & ~3, len(damage) - 4)
    (word,) = struct.unpack_from("<I", damage, start)
    damage[start : start + 4] = struct.pack("<I", (word + generator.choice((-16, -4, -1, 1, 4, 16))) % 2**32)


def _truncate(damage: bytearray, generator: random.Random) -> None:
    del damage[generator.randrange(8, len(damage)) :]


def _splice(damage: bytearray, generator: random.Random) -> None:
    """Copy a piece of the file over another place, or insert or drop it."""
    source, target = _place(damage, generator), _place(damage, generator)
    piece = damage[source : source + generator.randint(4, 256)]
    kept = generator.choice((0, len(piece), 2 * len(piece)))
    damage[target : target + kept] = piece


_DAMAGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip_bits, _overwrite_run, _overwrite_word, _overwrite_word, _nudge_word, _nudge_word, _truncate, _splice,
)  # fmt: skip


def _place(damage: bytearray, generator: random.Random) -> int:
    """Give a place; weights fill most of a file, so half of the draws go to its structured ends."""
    reach = len(damage) if generator.random() < 0.5 else min(len(damage), 2048)
    place = generator.randrange(8, max(reach, 9)) if len(damage) > 8 else 0
    return min(place if generator.random() < 0.5 else len(damage) - 1 - (place - 8), len(damage) - 1)
