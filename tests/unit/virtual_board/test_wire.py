"""One direction of the line, with a clock that the test turns."""

from orchestrator.virtual_board.serial_line import LineFormat
from orchestrator.virtual_board.wire import Passed, Wire, byte_time_s


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Doubling:
    def passed(self, byte: int) -> Passed:
        return Passed(bytes([byte, byte]))


class HoldingUp:
    def passed(self, byte: int) -> Passed:
        return Passed(bytes([byte]), delay_s=1.0 if byte == ord("b") else 0.0)


def test_a_wire_without_faults_and_throttle_delivers_at_once() -> None:
    arrived = bytearray()
    wire = Wire(arrived.extend)
    wire.send(b"abc")
    assert (arrived, wire.due_in_s()) == (b"abc", None)


def test_throttled_bytes_arrive_one_byte_time_after_another() -> None:
    arrived, clock = bytearray(), Clock()
    wire = Wire(arrived.extend, lambda: 0.5, clock)
    wire.send(b"abc")
    assert (arrived, wire.due_in_s()) == (b"", 0.5)
    clock.now += 1.25
    wire.deliver_due()
    assert (arrived, wire.due_in_s()) == (b"ab", 0.25)
    clock.now += 10.0
    wire.deliver_due()
    wire.send(b"d")
    assert (arrived, wire.due_in_s()) == (b"abc", 0.5)


def test_a_late_byte_holds_up_those_behind_it() -> None:
    arrived, clock = bytearray(), Clock()
    wire = Wire(arrived.extend, clock=clock)
    wire.faults.append(HoldingUp())
    wire.send(b"abc")
    assert arrived == b"a"
    clock.now += 1.0
    wire.deliver_due()
    assert arrived == b"abc"


def test_each_fault_sees_what_the_one_before_let_pass() -> None:
    arrived = bytearray()
    wire = Wire(arrived.extend)
    wire.faults += [Doubling(), Doubling()]
    wire.send(b"x")
    assert arrived == b"xxxx"


def test_a_frame_with_parity_has_a_bit_more() -> None:
    assert byte_time_s(LineFormat(100.0, "N")) == 0.10
    assert byte_time_s(LineFormat(100.0, "E")) == 0.11
    assert byte_time_s(LineFormat(None, "E")) == 0.0
