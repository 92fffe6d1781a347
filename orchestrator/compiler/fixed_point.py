"""Fixed-point functions of the specification's reference, on exact Python integers: used to tabulate on the host.

Numbers with `k` integer bits are 32-bit integers with `31 - k` fractional bits.
"""

import math
from functools import cache

_ONE = (1 << 31) - 1
_ROOT_START = (1 << 28) + (1 << 27)  # 1.5 with 3 integer bits
_HIGHEST_POWER = 4  # e**-16 is the last factor: inputs have 5 integer bits


def multiply(a: int, b: int) -> int:
    """Multiply with 31 fractional bits, rounded half up."""
    return (a * b + (1 << 30)) >> 31


def divide_by_power(value: int, exponent: int) -> int:
    """Divide by 2**exponent, rounded half away from zero."""
    magnitude = (abs(value) + ((1 << exponent) >> 1)) >> exponent
    return magnitude if value >= 0 else -magnitude


def exp_negative(value: int, integer_bits: int) -> int:
    """Give e**value with 31 fractional bits for a value <= 0 with `integer_bits` integer bits.

    The fraction below a quarter goes through a polynomial, every further binary digit through one factor.
    """
    if value == 0:
        return _ONE
    fraction_bits = 31 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    below_quarter = (value & (quarter - 1)) - quarter
    result = _exp_above_minus_quarter(below_quarter << integer_bits)
    remainder = below_quarter - value
    for power in range(-2, min(integer_bits, _HIGHEST_POWER + 1)):
        if remainder & (1 << (fraction_bits + power)):
            result = multiply(result, _constant(math.exp(-(2.0**power))))
    return result


def _exp_above_minus_quarter(value: int) -> int:
    """Taylor polynomial of degree 4 around -1/8, for -1/4 <= value < 0 with 31 fractional bits."""
    middle = _constant(math.exp(-1 / 8))
    x = value + (1 << 28)
    x2 = multiply(x, x)
    x3, x4 = multiply(x2, x), multiply(x2, x2)
    tail = divide_by_power(multiply(divide_by_power(x4, 2) + x3, _constant(1 / 3)) + x2, 1)
    return middle + multiply(middle, x + tail)


def half_reciprocal(value: int) -> int:
    """Give 1 / value for a value in [1/2, 1) with 31 fractional bits, as half the quotient: three steps of Newton."""
    x = _constant(12 / 17) + multiply(value, -_constant(8 / 17))  # 29 fractional bits from here on
    for _ in range(3):
        x += multiply(x, (1 << 29) - multiply(value, x)) * 4
    return min(2 * x, _ONE)


@cache
def _constant(real: float) -> int:
    return math.floor(real * 2**31 + 0.5)


def scaled(value: int, multiplier: int, shift: int) -> int:
    """Multiply by `multiplier / 2**31 * 2**shift`, rounding the product and then the shift to the right."""
    return divide_by_power(multiply(value << max(shift, 0), multiplier), max(-shift, 0))


def inverse_root(value: int) -> tuple[int, int]:
    """Give a multiplier and a shift for `scaled` that stand for 1 / root(value), value >= 1: five steps of Newton."""
    if value == 1:
        return _ONE, 0
    shift = 11
    while value >= 1 << 29:
        value, shift = value // 4, shift + 1
    pairs = (32 - value.bit_length() - 1) // 2 - 1
    number = (value << (2 * pairs)) >> 1
    half, x = divide_by_power(number, 1), 1 << 28
    for _ in range(5):
        cube = multiply(multiply(x, x), x) << 6
        x = (multiply(_ROOT_START, x) - multiply(half, cube)) << 3
    shift -= pairs
    return multiply(x, _constant(math.sqrt(0.5))) << max(-shift, 0), -max(shift, 0)
