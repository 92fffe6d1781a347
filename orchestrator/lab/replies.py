"""Replies that are remembered for callers who ask again."""

from collections import OrderedDict
from dataclasses import dataclass

from orchestrator.lab.requests import Measured, Reply

KEPT = 4000
KEPT_BYTES = 64 * 2**20
"""The oldest replies go first when there are more, or when what they carry is more."""


@dataclass(frozen=True)
class _Kept:
    sweep: str
    reply: Reply
    size_bytes: int


class Replies:
    """The latest replies by request id; what was measured is never replaced, a failure is by a measurement."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self.size_bytes = 0

    def __contains__(self, request_id: str) -> bool:
        return request_id in self._kept

    def __getitem__(self, request_id: str) -> Reply:
        return self._kept[request_id].reply

    def __len__(self) -> int:
        return len(self._kept)

    def is_measured(self, request_id: str) -> bool:
        """Say whether a measurement is known."""
        return request_id in self and isinstance(self[request_id], Measured)

    def put(self, request_id: str, sweep: str, reply: Reply) -> None:
        """Remember a reply."""
        if self.is_measured(request_id):
            return
        self.drop(request_id)
        kept = _Kept(sweep, reply, _size_bytes(reply))
        self._kept[request_id] = kept
        self.size_bytes += kept.size_bytes
        while len(self._kept) > KEPT or (self.size_bytes > KEPT_BYTES and len(self._kept) > 1):
            self.drop(next(iter(self._kept)))

    def drop(self, request_id: str) -> None:
        """Forget a reply, if it is known."""
        kept = self._kept.pop(request_id, None)
        if kept is not None:
            self.size_bytes -= kept.size_bytes

    def drop_sweep(self, sweep: str) -> None:
        """Forget every reply of a sweep."""
        for request_id in [name for name, kept in self._kept.items() if kept.sweep == sweep]:
            self.drop(request_id)


def _size_bytes(reply: Reply) -> int:
    if not isinstance(reply, Measured):
        return len(reply.text)
    return len(reply.serial_log) + sum(len(data) for sample in reply.run.outputs for data in sample)
