from dataclasses import replace

from orchestrator.cluster.request_queue import MAX_ATTEMPTS, Failure, MeasureRequest, RequestQueue
from orchestrator.domain.measurement import DeviceRun
from orchestrator.pipeline.stages import Measured
from tests.records import IMAGE, MEASUREMENT

BOARD = "nucleo_l476rg"
MEASURED = Measured(DeviceRun(IMAGE.model_hash, MEASUREMENT, ()), 0.0, 1.0, b"")
SILENT = Failure("silent", "no reply")


class Clock:
    def __init__(self) -> None:
        self.time_s = 0.0

    def __call__(self) -> float:
        return self.time_s


def make_queue() -> tuple[RequestQueue, Clock]:
    clock = Clock()
    return RequestQueue(clock, lease_s=30.0), clock


def request(request_id: str, sweep: str = "one") -> MeasureRequest:
    return MeasureRequest(request_id, sweep, IMAGE, (), repeats=3)


def test_a_delivered_measurement_is_the_reply() -> None:
    queue, clock = make_queue()
    queue.add(request("a"))
    clock.time_s = 2.0
    lease = queue.take("unit", BOARD)
    assert lease is not None
    assert lease.waited_s == 2.0
    queue.deliver(lease.lease_id, MEASURED)
    assert queue.replies["a"] is MEASURED


def test_equal_ids_are_worked_on_once() -> None:
    queue, _ = make_queue()
    queue.add(request("a"))
    queue.add(request("a"))
    lease = queue.take("unit", BOARD)
    assert lease is not None
    queue.add(request("a"))
    assert queue.take("unit", BOARD) is None
    queue.deliver(lease.lease_id, MEASURED)
    queue.add(request("a"))
    assert queue.take("unit", BOARD) is None


def test_a_board_gets_no_work_for_another_type() -> None:
    queue, _ = make_queue()
    queue.add(replace(request("a"), image=replace(IMAGE, board="other")))
    assert queue.take("unit", BOARD) is None
    assert queue.take("unit", "other") is not None


def test_sweeps_take_turns_whatever_the_length_of_their_queues() -> None:
    queue, _ = make_queue()
    for number in range(6):
        queue.add(request(f"long{number}", "long"))
    for number in range(2):
        queue.add(request(f"short{number}", "short"))
    taken = [lease.request.sweep for lease in iter(lambda: queue.take("unit", BOARD), None)]
    assert taken == ["long", "short", "long", "short", "long", "long", "long", "long"]


def test_a_failed_request_goes_to_another_unit_first() -> None:
    queue, _ = make_queue()
    queue.add(request("a"))
    queue.add(request("b"))
    lease = queue.take("sick", BOARD)
    assert lease is not None and lease.request.request_id == "a"
    queue.give_back(lease.lease_id, SILENT)
    again = queue.take("sick", BOARD)
    elsewhere = queue.take("healthy", BOARD)
    assert again is not None and again.request.request_id == "b"
    assert elsewhere is not None and elsewhere.request.request_id == "a"


def test_after_the_last_attempt_the_failure_is_the_reply_and_asking_again_starts_anew() -> None:
    queue, _ = make_queue()
    queue.add(request("a"))
    for _ in range(MAX_ATTEMPTS):
        lease = queue.take("only", BOARD)
        assert lease is not None
        queue.give_back(lease.lease_id, SILENT)
    assert queue.take("only", BOARD) is None
    assert queue.replies["a"] == SILENT
    queue.add(request("a"))
    assert queue.take("only", BOARD) is not None


def test_a_lease_runs_out_with_its_holder_unless_renewed() -> None:
    queue, clock = make_queue()
    queue.add(request("a"))
    lease = queue.take("agent", BOARD)
    assert lease is not None
    clock.time_s = 20.0
    assert queue.renew(lease.lease_id)
    clock.time_s = 45.0
    queue.expire()
    assert queue.take("other", BOARD) is None
    clock.time_s = 51.0
    queue.expire()
    assert not queue.renew(lease.lease_id)
    second = queue.take("other", BOARD)
    assert second is not None
    queue.deliver(lease.lease_id, MEASURED)  # too late: its lease is over
    assert "a" not in queue.replies
