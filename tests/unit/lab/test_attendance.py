from orchestrator.lab.attendance import ABSENT_S, ATTEND_S, Attendance, AttendanceList
from tests.unit.lab.clock import Clock


def test_who_attends_hears_of_the_others() -> None:
    attending = AttendanceList(Clock())
    assert attending.attend(Attendance("one", 2)) == ()
    assert attending.attend(Attendance("two", 3)) == (Attendance("one", 2),)
    assert attending.attend(Attendance("one", 2)) == (Attendance("two", 3),)
    attending.leave("two")
    assert attending.attend(Attendance("one", 2)) == ()


def test_who_falls_silent_is_absent_once() -> None:
    clock = Clock()
    attending = AttendanceList(clock)
    attending.attend(Attendance("one", 2))
    clock.time_s = ABSENT_S - ATTEND_S
    attending.attend(Attendance("two", 2))
    clock.time_s = ABSENT_S + 1.0
    assert attending.absent() == ["one"]
    assert attending.absent() == []
    assert attending.attend(Attendance("three", 1)) == (Attendance("two", 2),)
