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
)

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
