from dataclasses import replace

from orchestrator.domain.measurement import DeviceRun
from orchestrator.lab.replies import KEPT, KEPT_BYTES, Replies
from orchestrator.lab.requests import Failure, Measured
from tests.records import IMAGE, MEASUREMENT

MEASURED = Measured(DeviceRun(IMAGE.model_hash, MEASUREMENT, ()), "unit", 0.0, 1.0, b"")
SILENT = Failure("silent", "no reply")


def test_a_measurement_takes_the_place_of_a_failure_and_never_the_other_way_round() -> None:
    replies = Replies()
    replies.put("a", "sweep", SILENT)
    replies.put("a", "sweep", MEASURED)
    replies.put("a", "sweep", SILENT)
    replies.put("a", "sweep", replace(MEASURED, unit="late"))
    assert replies["a"] is MEASURED
    assert len(replies) == 1


def test_the_oldest_go_first_by_number_and_by_size() -> None:
    replies = Replies()
    for number in range(KEPT + 3):
        replies.put(str(number), "sweep", MEASURED)
    assert len(replies) == KEPT
    assert "2" not in replies
    replies.put("large", "sweep", replace(MEASURED, serial_log=bytes(KEPT_BYTES - 1)))
    assert len(replies) == KEPT
    replies.put("small", "sweep", replace(MEASURED, serial_log=bytes(2)))
    assert "large" not in replies
    assert replies.size_bytes == 2


def test_a_sweep_that_ended_leaves_no_reply() -> None:
    replies = Replies()
    replies.put("a", "one", MEASURED)
    replies.put("b", "two", MEASURED)
    replies.drop_sweep("one")
    assert "a" not in replies
    assert "b" in replies
