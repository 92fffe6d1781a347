from dataclasses import replace

from orchestrator.domain.budget import Bound, Budget, Quantity, margins_of
from orchestrator.domain.candidate import CandidateRecord
from orchestrator.domain.deployability import Deployability, Fit, Shortage
from orchestrator.domain.errors import DeviceSilentError
from orchestrator.domain.experiment import Experiment, Target
from orchestrator.domain.outcome import Outcome
from orchestrator.report.shortfall import shortfall_lines
from tests.records import EPOCHS, EXPERIMENT, MEASUREMENT, UNLINKED, deployable, ended, measured, over_budget

BOARD = "nucleo_l476rg"


def experiment(candidates: int, trainings: int | None = None, **changes: object) -> Experiment:
    search = replace(EXPERIMENT.search, candidates=candidates, trainings=trainings)
    return replace(EXPERIMENT, search=search, **changes)  # type: ignore[arg-type]


def against(candidate_id: str, budgets: tuple[Budget, ...], **figures: int) -> CandidateRecord:
    """A candidate with figures of its own, held against budgets of their own."""
    measurement = measured(**figures)
    found = Deployability(Fit.ALL, margins_of(budgets, measurement))
    return ended(Outcome.infeasible(found), candidate_id, screening=(measurement,))


def test_a_sweep_that_got_what_it_was_asked_for_has_nothing_to_say() -> None:
    assert shortfall_lines([deployable(), over_budget()], experiment(2)) == []
    assert shortfall_lines([deployable(), over_budget()], experiment(9, trainings=1)) == []


def test_where_nothing_fits_the_tightest_budget_and_the_nearest_misses_are_named() -> None:
    records = [
        over_budget(cycles, f"c{cycles // 100_000:04d}") for cycles in (1_600_000, 1_200_000, 900_000, 2_400_000)
    ]
    assert shortfall_lines(records, experiment(4)) == [
        "Tightest budget: latency 10.00 ms, broken by 4 of 4 measured, by +12% at least",
        "Nearest miss: c0009, latency 11.25 ms of 10.00 ms (+12%)",
        "Nearest miss: c0012, latency 15.00 ms of 10.00 ms (+50%)",
        "Nearest miss: c0016, latency 20.00 ms of 10.00 ms (+100%)",
    ]


def test_of_budgets_that_some_keep_the_one_broken_most_often_is_the_tightest() -> None:
    budgets = (Budget(Quantity.LATENCY, 0.01), Budget(Quantity.CYCLES, 300_000), Budget(Quantity.RAM, 8192))
    records = [against("c0001", budgets, cycles=400_000), against("c0002", budgets, cycles=200_000, stack_bytes=9000)]
    records += [against("c0003", budgets, cycles=500_000)]
    assert shortfall_lines(records, experiment(3))[0] == (
        "Tightest budget: cycles 300,000 cycles, broken by 2 of 3 measured, kept by others"
    )


def test_a_lower_limit_that_nothing_reaches_is_named_as_one() -> None:
    budgets = (Budget(Quantity.LATENCY, 0.02), Budget(Quantity.LATENCY, 0.01, Bound.AT_LEAST))
    assert shortfall_lines([against("c0001", budgets, cycles=400_000)], experiment(1)) == [
        "Tightest budget: latency at least 10.00 ms, broken by 1 of 1 measured, by -50% at least",
        "Nearest miss: c0001, latency 5.00 ms of at least 10.00 ms (-50%)",
    ]


def test_a_budget_below_what_the_firmware_takes_without_any_network_is_called_so() -> None:
    budgets = (Budget(Quantity.RAM, 1024), Budget(Quantity.FLASH, 10_000))
    lines = shortfall_lines([against("c0001", budgets)], experiment(1))
    assert lines[:2] == [
        "Tightest budget: ram 1.0 KiB, broken by 1 of 1 measured, by +339% at least",
        "No smaller network will keep it: what is there besides tensors takes 1.5 KiB",
    ]
    flash = (Budget(Quantity.FLASH, 10_000),)
    assert shortfall_lines([against("c0001", flash)], experiment(1))[1] == (
        "No smaller network will keep it: what is there besides weights takes 11.7 KiB"
    )
    assert "No smaller" not in str(shortfall_lines([against("c0001", (Budget(Quantity.RAM, 2048),))], experiment(1)))


def test_where_nothing_links_the_missing_bytes_are_the_distance() -> None:
    far = ended(Outcome.infeasible(Deployability(Fit.ALL, (), (Shortage(BOARD, "SRAM1", 9999),))), "c0001")
    assert shortfall_lines([far, ended(UNLINKED, "c0002")], experiment(2)) == [
        "Nearest miss: c0002, 5120 bytes too many for SRAM1",
        "Nearest miss: c0001, 9999 bytes too many for SRAM1",
    ]


def test_candidates_used_up_before_all_trainings_are_told_with_what_stood_in_the_way() -> None:
    failed = ended(Outcome.failed(DeviceSilentError("no reply")), "c0004", epochs=EPOCHS)  # no training to count
    records = [deployable("c0001"), over_budget(candidate_id="c0002"), failed]
    assert shortfall_lines(records, experiment(3, trainings=2)) == [
        "All 3 candidates are used up, 1 of 2 trainings",
        "Tightest budget: latency 10.00 ms, broken by 1 of 2 measured, kept by others",
        "Nearest miss: c0002, latency 20.00 ms of 10.00 ms (+100%)",
    ]


def test_a_space_without_more_points_is_told() -> None:
    assert shortfall_lines([deployable()], experiment(5)) == ["The search space has no more points: 1 of 5 candidates"]


def test_of_several_boards_the_one_is_named_and_where_any_would_do_the_nearest_counts() -> None:
    other = "nucleo_f446re"
    limit = (Budget(Quantity.LATENCY, 0.001),)
    far, near = measured(board=other, cycles=1_600_000), MEASUREMENT
    boards = tuple(Target(board, limit) for board in (BOARD, other))
    margins = (*margins_of(limit, near), *margins_of(limit, far))
    for fit, tightest in ((Fit.ALL, other), (Fit.ANY, BOARD)):
        record = ended(Outcome.infeasible(Deployability(fit, margins)), "c0001", screening=(near, far))
        lines = shortfall_lines([record], experiment(1, targets=boards, fit=fit))
        assert lines[0].startswith(f"Tightest budget: latency 1.00 ms on {tightest}, broken by 1 of 1 measured")
        assert lines[1].count("latency") == (2 if fit is Fit.ALL else 1)
