from dataclasses import replace

from orchestrator.domain.measurement import DeviceRun
from orchestrator.lab.request_queue import MAX_ATTEMPTS, Patience, RequestQueue
from orchestrator.lab.requests import Failure, Lease, Measured, MeasureRequest
from tests.records import IMAGE, MEASUREMENT
from tests.unit.lab.clock import Clock

BOARD = "nucleo_l476rg"
MEASURED = Measured(DeviceRun(IMAGE.model_hash, MEASUREMENT, ()), "unit", 0.0, 1.0, b"")
SILENT = Failure("silent", "no reply")
PATIENCE = Patience(lease_s=30.0, wanted_s=90.0, no_board_s=600.0)


def make_queue() -> tuple[RequestQueue, Clock]:
    clock = Clock()
    return RequestQueue(clock, PATIENCE), clock


def request(request_id: str, sweep: str = "one") -> MeasureRequest:
    return MeasureRequest(request_id, sweep, IMAGE, (), repeats=3)


def taken(queue: RequestQueue, unit: str = "unit") -> Lease:
    lease = queue.take(unit, BOARD)
    assert lease is not None
    return lease


def test_a_delivered_measurement_is_the_reply() -> None:
    queue, clock = make_queue()
    queue.add(request("a"))
    clock.time_s = 2.0
    lease = taken(queue)
    assert lease.waited_s == 2.0
    queue.deliver(lease.lease_id, "a", "one", MEASURED)
    assert queue.replies["a"] is MEASURED


def test_equal_ids_are_worked_on_once() -> None:
    queue, _ = make_queue()
    queue.add(request("a"))
    queue.add(request("a"))
    lease = taken(queue)
    queue.add(request("a"))
    assert queue.take("another", BOARD) is None
    queue.deliver(lease.lease_id, "a", "one", MEASURED)
    queue.add(request("a"))
    assert queue.take("another", BOARD) is None


def test_a_board_gets_no_work_for_another_type() -> None:
    queue, _ = make_queue()
    queue.add(replace(request("a"), image=replace(IMAGE, board="other")))
    assert queue.take("unit", BOARD) is None
    assert queue.take("unit", "other") is not None


def test_a_request_for_one_unit_waits_for_it() -> None:
    queue, _ = make_queue()
    queue.add(replace(request("a"), unit="mine"))
    assert queue.take("another", BOARD) is None
    assert queue.take("mine", BOARD) is not None


def test_sweeps_take_turns_whatever_the_length_of_their_queues() -> None:
    queue, _ = make_queue()
    for number in range(6):
        queue.add(request(f"long{number}", "long"))
    for number in range(2):
        queue.add(request(f"short{number}", "short"))
    order = [taken(queue, f"unit{number}").request.sweep for number in range(8)]
    assert order == ["long", "short", "long", "short", "long", "long", "long", "long"]


def test_the_sweep_that_holds_fewest_boards_is_next() -> None:
    queue, _ = make_queue()
    for number in range(4):
        queue.add(request(f"early{number}", "early"))
    leases = [taken(queue, f"unit{number}") for number in range(3)]
    for number in range(4):
        queue.add(request(f"late{number}", "late"))
    assert [taken(queue, f"unit{number}").request.sweep for number in range(3, 6)] == ["late"] * 3
    queue.deliver(leases[0].lease_id, "early0", "early", MEASURED)
    assert taken(queue, "unit0").request.sweep == "early"


def test_a_sweep_holds_no_more_boards_than_it_asked_for() -> None:
    queue, _ = make_queue()
    for name in ("a", "b"):
        queue.add(replace(request(name), most_boards=1))
    lease = taken(queue)
    assert queue.take("other", BOARD) is None
    queue.deliver(lease.lease_id, "a", "one", MEASURED)
    assert taken(queue, "other").request.request_id == "b"


def test_a_failed_request_waits_for_another_unit_where_there_is_one() -> None:
    queue, _ = make_queue()
    assert queue.take("healthy", BOARD) is None
    queue.add(request("a"))
    queue.add(request("b"))
    queue.give_back(taken(queue, "sick").lease_id, SILENT)
    lease = taken(queue, "sick")
    assert lease.request.request_id == "b"
    queue.deliver(lease.lease_id, "b", "one", MEASURED)
    assert queue.take("sick", BOARD) is None
    assert taken(queue, "healthy").request.request_id == "a"


def test_a_failed_request_comes_back_to_the_only_unit() -> None:
    queue, clock = make_queue()
    assert queue.take("gone", BOARD) is None
    clock.time_s = 60.0
    queue.add(request("a"))
    queue.give_back(taken(queue, "only").lease_id, SILENT)
    assert taken(queue, "only").request.request_id == "a"


def test_after_the_last_attempt_the_failure_is_the_reply_and_asking_again_starts_anew() -> None:
    queue, _ = make_queue()
    queue.add(request("a"))
    for _ in range(MAX_ATTEMPTS):
        queue.give_back(taken(queue).lease_id, SILENT)
    assert queue.take("unit", BOARD) is None
    assert queue.replies["a"] == SILENT
    assert queue.faults["one"] == {"silent": MAX_ATTEMPTS}
    queue.add(request("a"))
    assert taken(queue).request.request_id == "a"


def test_lost_agents_do_not_count_against_a_request_for_long() -> None:
    queue, clock = make_queue()
    queue.add(request("a"))
    for number in range(MAX_ATTEMPTS):
        assert "a" not in queue.replies
        taken(queue, f"unit{number}")
        clock.time_s += PATIENCE.lease_s + 1.0
        queue.add(request("a"))
        queue.expire()
    reply = queue.replies["a"]
    assert isinstance(reply, Failure)
    assert reply.cause == "agent-lost"


def test_a_unit_that_asks_for_work_has_lost_what_it_held() -> None:
    queue, _ = make_queue()
    queue.add(request("a"))
    first = taken(queue)
    second = taken(queue)
    assert second.lease_id != first.lease_id
    assert second.request.request_id == "a"
    assert queue.faults["one"] == {"agent-lost": 1}


def test_a_unit_that_a_sweep_brought_serves_no_other() -> None:
    queue, _ = make_queue()
    queue.add(request("a", "another"))
    assert queue.take("own", BOARD, sweep="one") is None
    queue.add(request("b", "one"))
    lease = queue.take("own", BOARD, sweep="one")
    assert lease is not None
    assert lease.request.request_id == "b"


def test_a_lease_that_ran_out_is_taken_up_again_by_its_late_holder() -> None:
    queue, clock = make_queue()
    queue.add(request("a"))
    lease = taken(queue)
    clock.time_s = 31.0
    queue.add(request("a"))
    queue.expire()
    assert queue.renew(lease.lease_id, "a", "unit")
    assert queue.take("other", BOARD) is None
    clock.time_s = 100.0
    queue.add(request("a"))
    queue.expire()
    assert queue.take("other", BOARD) is not None
    assert not queue.renew(lease.lease_id, "a", "unit")


def test_a_pool_that_restarted_learns_of_leases_before_or_after_it_is_asked_and_gives_nothing_out_twice() -> None:
    queue, _ = make_queue()
    assert queue.renew("held before", "a", "one unit")
    queue.add(request("a"))
    queue.add(request("b"))
    assert queue.renew("held, too", "b", "two unit")
    assert queue.take("other", BOARD) is None
    queue.deliver("held before", "a", "one", MEASURED)
    queue.give_back("held, too", SILENT)
    assert queue.replies["a"] is MEASURED
    assert taken(queue, "other").request.request_id == "b"


def test_a_request_for_a_unit_that_is_not_there_fails_in_the_end_though_others_are() -> None:
    queue, clock = make_queue()
    for time_s in range(0, 661, 60):
        clock.time_s = float(time_s)
        queue.add(replace(request("a"), unit="gone"))
        assert queue.take("here", BOARD) is None
        queue.expire()
    assert isinstance(queue.replies["a"], Failure)


def test_faults_that_a_fresh_start_mended_are_counted() -> None:
    queue, _ = make_queue()
    queue.add(request("a"))
    queue.deliver(taken(queue).lease_id, "a", "one", replace(MEASURED, mended=("silent", "garbage", "silent")))
    assert queue.faults["one"] == {"silent": 2, "garbage": 1}


def test_a_sweep_that_closes_while_a_board_works_for_it_and_comes_back_is_served_like_any_other() -> None:
    queue, _ = make_queue()
    queue.add(request("a"))
    lease = taken(queue)
    queue.close("one")
    queue.add(request("b"))
    queue.add(request("c", "two"))
    queue.deliver(lease.lease_id, "a", "one", MEASURED)
    assert {taken(queue, name).request.request_id for name in ("x", "y")} == {"b", "c"}


def test_a_lease_runs_out_with_its_holder_unless_renewed() -> None:
    queue, clock = make_queue()
    queue.add(request("a"))
    lease = taken(queue)
    clock.time_s = 20.0
    assert queue.renew(lease.lease_id, "a", "unit")
    clock.time_s = 45.0
    queue.expire()
    assert queue.take("other", BOARD) is None
    clock.time_s = 51.0
    queue.expire()
    second = taken(queue, "other")
    assert second.lease_id != lease.lease_id
    assert not queue.renew(lease.lease_id, "a", "unit")


def test_a_measurement_that_comes_after_its_lease_ran_out_is_taken_if_it_is_the_first() -> None:
    queue, clock = make_queue()
    queue.add(request("a"))
    lease = taken(queue)
    clock.time_s = PATIENCE.lease_s + 1.0
    queue.expire()
    queue.deliver(lease.lease_id, "a", "one", MEASURED)
    assert queue.replies["a"] is MEASURED
    assert queue.take("other", BOARD) is None
    queue.deliver("of nobody", "a", "one", replace(MEASURED, unit="other"))
    assert queue.replies["a"] is MEASURED


def test_a_measurement_of_a_pool_that_restarted_is_kept_for_the_caller_who_asks_again() -> None:
    queue, _ = make_queue()
    queue.deliver("lease of the pool before", "a", "one", MEASURED)
    queue.add(request("a"))
    assert queue.replies["a"] is MEASURED
    assert queue.take("unit", BOARD) is None


def test_a_request_that_nobody_asks_for_any_more_is_dropped() -> None:
    queue, clock = make_queue()
    queue.add(request("a"))
    queue.add(request("b"))
    clock.time_s = 80.0
    queue.add(request("b"))
    clock.time_s = 100.0
    queue.expire()
    assert taken(queue).request.request_id == "b"
    assert queue.take("other", BOARD) is None


def test_a_request_without_any_board_of_its_type_fails_in_the_end() -> None:
    queue, clock = make_queue()
    for time_s in range(0, 661, 60):
        clock.time_s = float(time_s)
        queue.add(request("a"))
        queue.expire()
    reply = queue.replies["a"]
    assert isinstance(reply, Failure)
    assert reply.cause == "no-board"


def test_a_closed_sweep_leaves_nothing_behind() -> None:
    queue, _ = make_queue()
    queue.add(request("a"))
    queue.add(request("b"))
    lease = taken(queue)
    queue.close("one")
    assert queue.take("unit", BOARD) is None
    queue.give_back(lease.lease_id, SILENT)
    assert queue.take("unit", BOARD) is None
    assert queue.waiting_by_sweep() == {}


def test_a_unit_in_somebody_elses_use_costs_no_attempt() -> None:
    queue, _ = make_queue()
    queue.add(request("a"))
    for _ in range(2 * MAX_ATTEMPTS):
        queue.decline(taken(queue).lease_id)
    assert len(queue.replies) == 0
    assert queue.faults == {}
    assert taken(queue, "another").request.request_id == "a"


def test_a_request_waits_for_a_unit_in_somebody_elses_use_however_long_that_takes() -> None:
    queue, clock = make_queue()
    queue.add(request("a"))
    for _ in range(200):
        clock.time_s += 10.0
        queue.add(request("a"))
        queue.occupied("unit", BOARD)
        queue.expire()
    assert len(queue.replies) == 0
    assert taken(queue).request.request_id == "a"


def test_a_failed_request_does_not_wait_for_a_unit_in_somebody_elses_use() -> None:
    queue, _ = make_queue()
    queue.add(request("a"))
    queue.give_back(taken(queue, "tried").lease_id, SILENT)
    queue.decline(taken(queue, "occupied").lease_id)
    assert taken(queue, "tried").request.request_id == "a"
