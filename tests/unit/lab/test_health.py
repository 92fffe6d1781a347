import pytest

from orchestrator.lab.health import FIRST_RECHECK_S, LAST_RECHECK_S, OCCUPIED_S, Health, UnitHealth
from tests.unit.lab.clock import Clock


def test_a_new_unit_works_only_after_its_check() -> None:
    health = UnitHealth(Clock())
    assert not health.may_work
    assert health.check_is_due()
    health.passed()
    assert health.may_work
    assert not health.check_is_due()


def test_a_trusted_unit_works_at_once() -> None:
    health = UnitHealth(Clock(), trusted=True)
    assert health.may_work
    assert not health.check_is_due()


def test_a_failed_measurement_asks_for_a_check_at_once() -> None:
    health = UnitHealth(Clock(), trusted=True)
    health.suspect("silent")
    assert not health.may_work
    assert health.check_is_due()
    assert health.reason == "silent"


def test_a_sick_unit_is_checked_again_after_twice_as_long_each_time_and_returns_when_it_passes() -> None:
    clock = Clock()
    health = UnitHealth(clock)
    waits_s = []
    for _ in range(8):
        health.failed("mute")
        assert health.health is Health.QUARANTINED
        assert not health.check_is_due()
        waits_s.append(health.due_in_s())
        clock.time_s += health.due_in_s()
        assert health.check_is_due()
    assert waits_s[:3] == [FIRST_RECHECK_S, 2 * FIRST_RECHECK_S, 4 * FIRST_RECHECK_S]
    assert waits_s[-1] == LAST_RECHECK_S
    health.passed()
    assert health.may_work
    health.failed("mute")
    assert health.due_in_s() == FIRST_RECHECK_S


@pytest.mark.parametrize("trusted", [True, False])
def test_a_unit_in_somebody_elses_use_is_left_alone_and_then_believed_what_it_was(trusted: bool) -> None:
    clock = Clock()
    health = UnitHealth(clock, trusted=trusted)
    health.occupied("busy: another program holds the port")
    health.look_again()
    assert health.health is Health.OCCUPIED
    assert health.reason.startswith("busy")
    assert not health.may_work
    assert not health.check_is_due()
    assert health.due_in_s() == OCCUPIED_S
    clock.time_s += OCCUPIED_S
    health.look_again()
    assert (health.may_work, health.check_is_due()) == (trusted, not trusted)
