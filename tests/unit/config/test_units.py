import pytest

from orchestrator.config.units import (
    parse_count,
    parse_energy_j,
    parse_frequency_hz,
    parse_size_bytes,
    parse_time_s,
    parse_voltage_v,
)


def test_sizes_are_read_in_bytes() -> None:
    assert [parse_size_bytes(text) for text in ("24KiB", "1 MiB", "4096", "96kB", 7)] == [
        24576,
        1048576,
        4096,
        96000,
        7,
    ]


def test_times_frequencies_energies_voltages_and_counts_are_read_in_base_units() -> None:
    assert parse_energy_j("1.5mJ") == pytest.approx(0.0015)
    assert parse_energy_j("800 uJ") == pytest.approx(0.0008)
    assert [parse_voltage_v(text) for text in ("3.3V", "1800mV")] == pytest.approx([3.3, 1.8])
    assert parse_time_s("20ms") == pytest.approx(0.02)
    assert parse_frequency_hz("80MHz") == 80_000_000
    assert parse_count("1.5M") == 1_500_000


@pytest.mark.parametrize("text", ["24 kib", "24K", "fast", "-3KiB", "", True, None])
def test_what_is_no_size_is_refused_with_the_rule_and_the_value(text: object) -> None:
    with pytest.raises(ValueError, match="24KiB") as caught:
        parse_size_bytes(text)
    assert repr(text) in str(caught.value)


def test_a_broken_number_of_bytes_is_refused() -> None:
    with pytest.raises(ValueError, match="whole number"):
        parse_size_bytes("0.3B")


def test_a_time_needs_its_unit() -> None:
    with pytest.raises(ValueError, match="20ms"):
        parse_time_s("20")
