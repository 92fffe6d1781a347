"""Each kind of fault does what it is named after, as often as asked for, and the same every time."""

import subprocess
import sys
import time

import pytest
import serial

from orchestrator.domain.errors import InputError
from orchestrator.virtual_board.process import start_virtual_board
from orchestrator.virtual_board.requested_faults.catalogue import requested_faults
from orchestrator.virtual_board.requested_faults.sites import Sites
from orchestrator.virtual_board.wire import Wire
from tests.unit.virtual_board.firmware import BOARD, FLASH_ORIGIN, Bench

HUNDRED = bytes(range(100))
WORKING = """
void start(void)
{
    usart_start(0);
    put('s');
    for (;;) {
        while (get() != '%') {}
        for (volatile int i = 0; i < 20000; i++) {}
        put('d');
    }
}
"""


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class FaultyBench(Bench):
    """A bench whose line runs through wires, with faults installed."""

    def __init__(self, *faults: str, source: str = WORKING, seed: int = 0) -> None:
        super().__init__(source)
        self.run()
        self.vanished_s: list[float] = []
        self.heard = bytearray()
        self.clock = Clock()
        self.to_board = Wire(self.line.send_to_target, clock=self.clock)
        self.to_host = Wire(self.heard.extend, clock=self.clock)
        sites = Sites(self.machine, self.line, self.to_board, self.to_host, self.vanished_s.append)
        for fault in requested_faults(faults, seed, BOARD):
            fault.install(sites)

    def ask(self, data: bytes) -> bytes:
        self.to_board.send(data)
        self.to_host.send(self.run())
        said = bytes(self.heard)
        self.heard.clear()
        return said

    def heard_of(self, data: bytes) -> bytes:
        """Give what the host hears when the board says `data`."""
        self.to_host.send(data)
        return bytes(self.heard)


def changed_at(heard: bytes, said: bytes = HUNDRED) -> list[int]:
    return [at for at, (one, other) in enumerate(zip(heard, said, strict=True)) if one != other]


def test_the_nth_byte_has_one_bit_flipped() -> None:
    heard = FaultyBench("flip=40@to-host").heard_of(HUNDRED)
    assert changed_at(heard) == [39]
    assert (heard[39] ^ 39).bit_count() == 1


def test_from_the_nth_on_every_byte_is_hit() -> None:
    assert changed_at(FaultyBench("flip=98+").heard_of(HUNDRED)) == [97, 98, 99]


def test_a_rate_hits_about_so_many_and_the_same_ones_for_the_same_seed() -> None:
    said = bytes(10_000)
    first, again, other = (FaultyBench("flip=0.01", seed=seed).heard_of(said) for seed in (1, 1, 2))
    assert 60 < len(changed_at(first, said)) < 140
    assert first == again != other


def test_bytes_are_lost_and_duplicated() -> None:
    assert FaultyBench("lose=3").heard_of(b"abcde") == b"abde"
    assert FaultyBench("duplicate=3").heard_of(b"abcde") == b"abccde"


def test_only_the_chosen_direction_is_hit() -> None:
    assert FaultyBench("lose=1+@to-board").heard_of(b"abc") == b"abc"
    assert (
        FaultyBench("lose=1@to-board", source="void start(void) { usart_start(0); for (;;) put(get()); }").ask(b"abc")
        == b"bc"
    )


def test_a_late_byte_comes_after_its_delay() -> None:
    bench = FaultyBench("late=2:1.5@to-host")
    assert bench.heard_of(b"abc") == b"a"
    bench.clock.now += 1.6
    bench.to_host.deliver_due()
    assert bench.heard == b"abc"


def test_a_mute_board_says_nothing_any_more() -> None:
    bench = FaultyBench("mute=3")
    assert bench.heard_of(b"abcde") == b"ab"
    bench.heard.clear()
    bench.line.dtr = False
    bench.line.dtr = True
    assert bench.ask(b"") == b""


def test_a_vanishing_port_takes_the_byte_with_it() -> None:
    bench = FaultyBench("vanish=2:3")
    assert bench.heard_of(b"a") == b"a"
    assert bench.vanished_s == []
    assert bench.heard_of(b"bc") == b"ac"
    assert bench.vanished_s == [3.0]


def test_noise_comes_with_every_reset_both_ways() -> None:
    bench = FaultyBench("noise=5")
    noises = []
    for _ in range(2):
        bench.machine.reset()
        assert len(bench.line.to_target) == 5
        noises.append(bench.ask(b"")[:5])
    assert noises[0] != noises[1]
    assert len(set(map(len, noises))) == 1


def test_a_boot_fails_once_and_the_second_try_works() -> None:
    bench = FaultyBench("boot=1")
    bench.machine.reset()
    assert bench.ask(b"run%") == b""
    bench.machine.reset()
    assert bench.ask(b"run%") == b"sd"


def test_a_reset_during_inference_comes_before_its_end() -> None:
    bench = FaultyBench("reset=2")
    assert bench.ask(b"run%") == b"d"
    assert bench.ask(b"identity%") == b"d"
    assert bench.ask(b"run%") == b"s"
    assert bench.ask(b"bench 5 1%") == b"d"


def test_a_firmware_that_hangs_answers_again_after_a_reset() -> None:
    bench = FaultyBench("hang")
    assert bench.ask(b"name%") == b"d"
    assert bench.ask(b"run%") == b""
    assert bench.ask(b"name%") == b""
    bench.machine.reset()
    assert bench.ask(b"name%") == b"sd"


def flash_content(bench: Bench, count: int) -> bytes:
    content = bench.machine.cpu.read_memory(FLASH_ORIGIN + 4096, count)
    assert content is not None
    return content


def test_one_bit_of_one_double_word_is_not_programmed() -> None:
    bench = FaultyBench("flash-write=3")
    data = bytes(range(64))
    wrong = []
    for _ in range(2):
        bench.machine.flash.erase(2, 1)
        bench.machine.flash.program(FLASH_ORIGIN + 4096, data)
        wrong.append([at // 8 for at in changed_at(flash_content(bench, 64), data)])
    assert wrong == [[2], []]


def test_a_worn_page_keeps_bits_through_erasing_and_its_neighbours_do_not() -> None:
    bench = FaultyBench("flash-worn=2")
    bench.machine.flash.erase(1, 3)
    worn = flash_content(bench, 2048)
    assert worn.count(0xFF) == 2048 - 2048 // 64
    assert flash_content(bench, 4096)[2048:] == b"\xff" * 2048


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("flop", "did you mean flip"),
        ("flip=0", "a rate such as 0.001"),
        ("flip=1.5", "a rate such as 0.001"),
        ("flip=nan", "a rate such as 0.001"),
        ("lose=", "a rate such as 0.001"),
        ("flip=1@host", "to-board or to-host"),
        ("late=1:never", "SECONDS must be above 0"),
        ("vanish=1:inf", "SECONDS must be above 0"),
        ("noise=-1", "BYTES must be a whole number from 1"),
        ("flash-worn", "flash-worn=PAGE"),
        ("flash-worn=600", "PAGE must be a whole number from 0 to 511"),
        ("mute=x", "form: mute[=WHEN]"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_what_is_allowed(fault: str, said: str) -> None:
    with pytest.raises(InputError, match=f"--fault {fault.replace('+', '.')}") as caught:
        FaultyBench(fault)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_command_refuses_it_with_one_line_and_exit_code_2() -> None:
    command = [sys.executable, "-m", "orchestrator.virtual_board", "--type", BOARD.name, "--fault", "flash-worn=600"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_a_port_that_vanished_comes_back_under_another_url() -> None:
    with start_virtual_board(BOARD, faults=("vanish=1:0.2",)) as board:
        before = board.url
        with serial.serial_for_url(before, parity="E", timeout=5) as port:
            port.rts = port.dtr = False
            port.dtr = True
            port.write(b"\x7f")
            with pytest.raises(serial.SerialException):
                while True:
                    port.read(1)
        deadline = time.monotonic() + 10
        while board.url == before and time.monotonic() < deadline:
            time.sleep(0.02)
        with pytest.raises(OSError):
            serial.serial_for_url(before)
        with serial.serial_for_url(board.url, parity="E", timeout=5) as port:
            port.write(b"\x7f\x7f")  # in step already, so that this is a command with a wrong checksum
            assert port.read(1) == b"\x1f"
