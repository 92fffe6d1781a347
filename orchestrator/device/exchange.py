"""How long an exchange may take, and what to say when it went wrong."""

from orchestrator.device.deadline import Deadline
from orchestrator.device.link import Link
from orchestrator.domain.errors import DeviceSilentError, UnexpectedReplyError

BITS_PER_BYTE = 11
"""Start, eight data bits, parity, stop: the longest frame in use."""

LATENCY_S = 2.0
"""Allowance per exchange for what cannot be computed: USB, a network between host and line, a busy host."""


def line_time_s(byte_count: int, baud: int) -> float:
    """Seconds that bytes take on the line."""
    return byte_count * BITS_PER_BYTE / baud


def allowed_s(link: Link, byte_count: int, work_s: float = 0.0) -> float:
    """Seconds allowed for an exchange: bytes of both directions, then the board's own work, then latency."""
    return line_time_s(byte_count, link.baud) + work_s + LATENCY_S


def read_exactly(link: Link, count: int, deadline: Deadline, attempted: str) -> bytes:
    """Give `count` bytes.

    Raises:
        DeviceSilentError: nothing came before the deadline.
        UnexpectedReplyError: less than `count` bytes came before the deadline.
    """
    received = bytearray()
    while len(received) < count:
        data = link.read(count - len(received), deadline)
        if not data:
            break
        received += data
    if not received:
        raise silent(link, attempted, deadline, b"")
    if len(received) < count:
        raise unexpected(link, attempted, bytes(received), f"{count} bytes")
    return bytes(received)


def drain(link: Link, quiet_s: float) -> bytes:
    """Throw away what arrives until the line has been quiet for `quiet_s`, at most ten times as long; give it."""
    discarded = bytearray()
    limit = Deadline(10.0 * quiet_s)
    while not limit.expired:
        data = link.read(4096, Deadline(quiet_s))
        if not data:
            break
        discarded += data
    return bytes(discarded)


def silent(link: Link, attempted: str, deadline: Deadline, received: bytes) -> DeviceSilentError:
    """Describe that the board did not answer."""
    return DeviceSilentError(
        f"{link.name}: no reply to {attempted} within {deadline.duration_s:.1f} s "
        f"(received {shortened(received)}); is the board powered, and is this its port?"
    )


def unexpected(link: Link, attempted: str, received: bytes | str, wanted: str) -> UnexpectedReplyError:
    """Describe that the board answered something else."""
    return UnexpectedReplyError(
        f"{link.name}: {attempted} was answered by {shortened(received)} instead of {wanted}; "
        "is another program using the port, or is the baud rate wrong?"
    )


def shortened(text: bytes | str, limit: int = 60) -> str:
    """Give the repr of something received, cut where it gets long."""
    return repr(text) if len(text) <= limit else f"{text[:limit]!r}... ({len(text)} in all)"
