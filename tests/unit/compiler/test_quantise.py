"""Multipliers and shifts stand for the real factor; requantisation rounds as the specification says."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.compiler.quantise import (
    Scale,
    output_range,
    quantise_multiplier,
    requantise,
    round_half_away,
    scale_for,
)
from orchestrator.domain.errors import UnsupportedModelError


@given(st.floats(min_value=1e-8, max_value=1e4))
def test_multiplier_and_shift_stand_for_the_factor(real: float) -> None:
    multiplier, shift = quantise_multiplier(real)
    assert 2**30 <= multiplier < 2**31
    assert math.isclose(multiplier / 2**31 * 2.0**shift, real, rel_tol=2**-30)


def test_a_factor_too_small_to_matter_gives_zero() -> None:
    assert quantise_multiplier(2.0**-40) == (0, 0)
    assert requantise(1 << 20, Scale.of(0.0)) == 0


@pytest.mark.parametrize("real", [math.nan, math.inf, -1.0, 2.0**40])
def test_an_impossible_factor_is_refused(real: float) -> None:
    with pytest.raises(UnsupportedModelError):
        quantise_multiplier(real)


@given(st.integers(-(2**24), 2**24), st.floats(min_value=1e-8, max_value=1.0))
def test_requantisation_rounds_the_product_half_up_and_the_shift_half_away_from_zero(value: int, real: float) -> None:
    multiplier, shift = quantise_multiplier(real)
    product = math.floor(Fraction(value * multiplier, 2**31) + Fraction(1, 2))
    exact = Fraction(product) * Fraction(2) ** shift if shift <= 0 else None
    if exact is not None:
        rounded = math.floor(abs(exact) + Fraction(1, 2))
        assert requantise(value, Scale.of(real)) == (rounded if exact >= 0 else -rounded)


def test_values_that_leave_32_bits_are_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="32 bits"):
        scale_for(4.0, 2**28)


@pytest.mark.parametrize(
    ("activation", "expected"),
    [("NONE", (-128, 127)), ("RELU", (-28, 127)), ("RELU6", (-28, 32)), ("RELU_N1_TO_1", (-38, -18))],
)
def test_a_fused_activation_limits_the_stored_values(activation: str, expected: tuple[int, int]) -> None:
    leaves = output_range(activation, scale=0.1, zero_point=-28)
    assert (leaves.lowest, leaves.highest) == expected


def test_an_activation_that_is_no_clamp_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="TANH"):
        output_range("TANH", 0.1, 0)


@pytest.mark.parametrize(("real", "expected"), [(0.5, 1), (-0.5, -1), (1.4, 1), (-1.6, -2), (0.0, 0)])
def test_ties_round_away_from_zero(real: float, expected: int) -> None:
    assert round_half_away(real) == expected
