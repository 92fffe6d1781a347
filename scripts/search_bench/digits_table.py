"""Networks for handwritten digits, every one of them trained and measured: `make_network_table.py`."""

import json
import lzma
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestrator.domain.errors import InputError
from search_bench.digits_grid import MOST_BLOCKS, space
from search_bench.enumeration import Drawn, all_drawn, drawn_key
from search_bench.problem import Measured

TABLE = Path(__file__).parent / "networks.jsonl.xz"


class DigitsTable:
    """RAM, flash and latency on a virtual NUCLEO-L476RG; the loss is the int8 network's validation error rate.

    Of a table that is not finished, the space is that of the networks with as many blocks as all are there of; its
    name then says how many networks that are.
    """

    training_labels: frozenset[str] = frozenset()
    metrics = ("ram", "flash", "latency")

    def __init__(self, table: Path = TABLE) -> None:
        self._table = table
        finished = [blocks for blocks in range(1, MOST_BLOCKS + 1) if self._holds(space(blocks))]
        if not finished:
            raise InputError(f"{table}: lacks networks of one block; scripts/make_network_table.py makes them")
        self.space = space(finished[-1])
        self.name = "digits" if finished[-1] == MOST_BLOCKS else f"digits-{len(all_drawn(self.space))}"

    def measure(self, points: list[Drawn]) -> list[Measured]:
        """See `Problem`: bytes and seconds."""
        return [self._measured[drawn_key(drawn)] for drawn in points]

    def train(self, drawn: Drawn) -> float:
        """See `Problem`."""
        return self._losses[drawn_key(drawn)]

    def _holds(self, candidates: Any) -> bool:
        return all(drawn_key(drawn) in self._rows for drawn in all_drawn(candidates))

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
