"""Networks for handwritten digits, every one of them trained and measured: `make_network_table.py`."""

import json
import lzma
from functools import cached_property
from pathlib import Path
from typing import Any

from search_bench.digits_grid import space
from search_bench.enumeration import Drawn, drawn_key
from search_bench.problem import Measured

TABLE = Path(__file__).parent / "networks.jsonl.xz"


class DigitsTable:
    """RAM, flash and latency on a virtual NUCLEO-L476RG; the loss is the int8 network's validation error rate."""

    name = "digits"
    training_labels: frozenset[str] = frozenset()
    metrics = ("ram", "flash", "latency")

    def __init__(self, table: Path = TABLE) -> None:
        self.space = space()
        self._table = table

    def measure(self, points: list[Drawn]) -> list[Measured]:
        """See `Problem`: bytes and seconds."""
        return [self._measured[drawn_key(drawn)] for drawn in points]

    def train(self, drawn: Drawn) -> float:
        """See `Problem`."""
        return self._losses[drawn_key(drawn)]

    @cached_property
    def _rows(self) -> dict[str, dict[str, Any]]:
        with lzma.open(self._table, "rt", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        return {drawn_key(row["drawn"]): row for row in rows}

    @cached_property
    def _measured(self) -> dict[str, Measured]:
        return {
            key: {
                "ram": row["ram_bytes"],
                "flash": row["flash_bytes"],
                "latency": row["cycles"] / row["clock_hz"],
            }
            for key, row in self._rows.items()
        }

    @cached_property
    def _losses(self) -> dict[str, float]:
        return {key: 1.0 - row["int8_accuracy"] for key, row in self._rows.items()}
