from hypothesis import given
from hypothesis import strategies as st

from orchestrator.device.resident_loader_messages import (
    Command,
    LoaderReply,
    ReplyFinder,
    encode_frame,
    parse_crcs,
    parse_identity,
    write_payload,
)


def reply(sequence: int, command: int, payload: bytes) -> bytes:
    return encode_frame(sequence, command | 0x80, payload)  # type: ignore[arg-type]


@given(st.integers(0, 255), st.sampled_from(Command), st.binary(min_size=1, max_size=50), st.binary(max_size=20))
def test_a_reply_is_found_behind_anything_and_in_any_pieces(
    sequence: int, command: Command, payload: bytes, before: bytes
) -> None:
    finder = ReplyFinder()
    found = []
    for byte in before + reply(sequence, command, payload):
        found += finder.feed(bytes([byte]))
    assert LoaderReply(sequence, command, payload[0], payload[1:]) in found


def test_two_replies_in_one_piece_are_both_found_in_order() -> None:
    first, second = (reply(number, Command.WRITE, b"\0") for number in (1, 2))
    assert [found.sequence for found in ReplyFinder().feed(first + b"junk" + second)] == [1, 2]


@given(st.integers(0, 10))
def test_a_damaged_reply_is_not_found(at: int) -> None:
    frame = bytearray(reply(1, Command.HELLO, b"\0\1"))
    frame[at] ^= 0x10
    assert ReplyFinder().feed(bytes(frame)) == []


def test_erased_bytes_at_the_end_of_a_page_are_not_sent() -> None:
    assert write_payload(3, b"abc" + b"\xff" * 4093) == bytes([3, 0, 0, 0, 0, 0, 0, 0]) + b"abc" + b"\xff" * 5
    assert len(write_payload(0, b"\xff" * 4096)) == 8


def test_an_identity_is_read() -> None:
    words = (1, 4096, 0x0800_3000, 509, 2)
    data = b"".join(word.to_bytes(4, "little") for word in words) + b"\xab\xcd" + b"some_board"
    identity = parse_identity(data)
    assert (identity.device, identity.board, identity.application_start) == ("abcd", "some_board", 0x0800_3000)


def test_crcs_are_read() -> None:
    assert parse_crcs(b"\1\0\0\0\2\0\0\0", 2) == (1, 2)
