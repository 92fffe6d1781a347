"""The timing model of the Cortex-M4 against cycles that others measured on a NUCLEO-L4R5ZI and published."""

import os
from pathlib import Path

import pytest

from scripts.check_timing_model import LIMIT_PERCENT, ROWS, Row, compare, published_cycles

HELD_OUT = ["ml-kem-768 m4fspeed", "ml-dsa-44 m4f", "fndsa_provisional-512 m4f", "ml-kem-512 clean"]


@pytest.mark.parametrize("row", [row for row in ROWS if row.name in HELD_OUT], ids=lambda row: row.name)
def test_held_out_implementations_take_what_was_published(row: Row) -> None:
    checkout = os.environ.get("MCUTUNE_PQM4")
    if checkout is None:
        pytest.skip("MCUTUNE_PQM4 names no checkout of github.com/mupq/pqm4 with its submodules")
    assert not row.fitted
    for figure in compare(Path(checkout), row, published_cycles(Path(checkout))):
        assert abs(figure.ratio - 1) * 100 <= LIMIT_PERCENT, figure
