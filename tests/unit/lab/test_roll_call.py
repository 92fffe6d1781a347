"""Agents known by name."""

from orchestrator.lab.health import Health
from orchestrator.lab.roll_call import LOST_S, RollCall
from orchestrator.lab.unit_status import UnitStatus


class Clock:
    time_s = 0.0

    def __call__(self) -> float:
        return self.time_s


def unit(name: str) -> UnitStatus:
    return UnitStatus(name, "nucleo_l476rg", Health.HEALTHY)


def test_units_of_all_agents_are_given_by_name() -> None:
    calls = RollCall(Clock())
    assert calls.report("two", "2", (unit("two/a"),))
    assert calls.report("one", "1", (unit("one/b"), unit("one/a")))
    assert [each.unit for each in calls.units()] == ["one/a", "one/b", "two/a"]


def test_a_name_in_use_is_refused_until_its_holder_falls_silent_or_leaves() -> None:
    clock = Clock()
    calls = RollCall(clock)
    assert calls.report("desk", "first", (unit("desk/a"),))
    assert not calls.report("desk", "second", ())
    calls.leave("desk", "second")
    assert not calls.report("desk", "second", ())
    clock.time_s = LOST_S
    assert calls.report("desk", "first", (unit("desk/a"),))
    clock.time_s = 2 * LOST_S + 1.0
    assert calls.units() == ()
    assert calls.report("desk", "second", ())
    calls.leave("desk", "second")
    assert calls.report("desk", "first", ())
