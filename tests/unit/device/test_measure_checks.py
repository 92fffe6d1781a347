"""What a measurement refuses to report."""

import pytest

from orchestrator.device.measure import _check_counts
from orchestrator.domain.errors import StoppedCounterError


def test_a_counter_that_stands_still_is_an_error_that_names_its_lock() -> None:
    _check_counts((120, 118, 119), "port")
    with pytest.raises(StoppedCounterError, match=r"port: .* stands still; is the DWT locked \(DWT_LAR\)"):
        _check_counts((0, 0, 0), "port")
