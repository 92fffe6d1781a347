import pytest

from orchestrator.device.messages import (
    Identity,
    LineSplitter,
    MalformedReplyError,
    encode_command,
    load_commands,
    parse_bytes,
    parse_cycles,
    parse_identity,
    parse_memory,
    parse_number,
    parse_row_s,
    parse_settings,
)
from orchestrator.domain.measurement import MemorySetting

IDENTITY = ["m-protocol-[1]", "m-board-[b]", "m-model-hash-[ab]", "m-clock-hz-[80]", "m-device-[0102]"]


def test_lines_come_out_whole_however_the_bytes_arrive() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b"m-re") == []
    assert splitter.pending == b"m-re"
    assert splitter.feed(b"ady\nm-x\r\ny") == ["m-ready", "m-x"]
    assert splitter.pending == b"y"


def test_bytes_beyond_ascii_are_kept_visible() -> None:
    assert LineSplitter().feed(b"\xff\xfem\n") == ["\\xff\\xfem"]


def test_commands_end_in_a_percent_sign_without_a_newline() -> None:
    assert encode_command("name") == b"name%"


def test_a_load_is_cut_into_commands_of_128_bytes() -> None:
    commands = load_commands(bytes(300))
    assert commands[0] == "db load 300"
    assert [len(command) for command in commands[1:]] == [3 + 256, 3 + 256, 3 + 88]


def test_an_identity_is_understood() -> None:
    assert parse_identity(IDENTITY) == Identity(1, "b", "ab", 80, "0102")


@pytest.mark.parametrize("lines", [IDENTITY[:-1], [*IDENTITY, "m-more"], list(reversed(IDENTITY)), []])
def test_an_identity_with_other_lines_is_malformed(lines: list[str]) -> None:
    with pytest.raises(MalformedReplyError):
        parse_identity(lines)


@pytest.mark.parametrize("line", ["m-x-[-1]", "m-x-[1", "m-x-[]", "m-x-[1 ]", "x", "m-x-[0x1]"])
def test_a_number_that_is_none_is_malformed(line: str) -> None:
    with pytest.raises(MalformedReplyError):
        parse_number(line, "x")


def test_bytes_in_hex_are_understood_and_others_malformed() -> None:
    assert parse_bytes("m-output-[00ff7f]", "output") == b"\x00\xff\x7f"
    with pytest.raises(MalformedReplyError):
        parse_bytes("m-output-[0]", "output")


def test_cycles_and_memory_are_understood() -> None:
    assert parse_cycles(["m-layer-[7]", "m-layer-[8]"], "layer", 2) == (7, 8)
    assert parse_memory(["m-stack-[1]", "m-stack-reserved-[2]", "m-spare-[3]"]).stack_bytes == 1


def test_memory_settings_are_understood_whatever_the_chip_has() -> None:
    lines = ["m-flash-wait-states-[4]", "m-flash-prefetch-[1]"]
    assert parse_settings(lines) == (MemorySetting("flash-wait-states", 4), MemorySetting("flash-prefetch", 1))
    assert parse_settings([]) == ()
    for line in ("m-flash-wait-states-[x]", "flash-[1]", "m--[1]", "e-[1]"):
        with pytest.raises(MalformedReplyError):
            parse_settings([*lines, line])


def test_a_row_of_inferences_lasts_from_stamp_to_stamp_even_across_their_wrap() -> None:
    lines = ["m-warmup-start-0", "m-warmup-done", "m-infer-start-9", "m-lap-us-4294967290", "m-lap-us-1500000"]
    assert parse_row_s([*lines, "m-infer-done", "m-results-[1.0]"]) == pytest.approx(1.500006)
    with pytest.raises(MalformedReplyError):
        parse_row_s([*lines, "m-infer-done"])
