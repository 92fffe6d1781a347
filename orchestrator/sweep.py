"""A whole sweep: candidates, journal, tracking, winner."""

from dataclasses import dataclass

from orchestrator.cluster.sweep import run_candidates
from orchestrator.cluster.watchers import JournalWatcher, SweepWatcher
from orchestrator.datasets.dataset import Dataset
from orchestrator.datasets.load import load_dataset
from orchestrator.domain.candidate import CandidateRecord
from orchestrator.domain.experiment import Experiment
from orchestrator.journal.journal import Journal
from orchestrator.journal.sweep_folder import SweepFolder
from orchestrator.lab.meters import check_meters
from orchestrator.lab.troubles import BoardTroubles
from orchestrator.pipeline.check import score_test_split
from orchestrator.report.summary import count_line, fault_line, quarantine_lines, winner_of
from orchestrator.tracking.mlflow_tracker import MlflowTracker
from orchestrator.training.search_space import describer_of, load_search_space


@dataclass(frozen=True)
class SweepResult:
    """What a finished sweep gives back.

    Attributes:
        test_accuracy: the winner's, on the split that nothing else touched.
        troubles: of boards.
    """

    records: tuple[CandidateRecord, ...]
    winner_id: str | None
    test_accuracy: float | None
    tracking_uri: str
    tracking_errors: tuple[str, ...]
    troubles: BoardTroubles


def check_experiment(experiment: Experiment, address: str | None = None) -> Dataset:
    """Load what the experiment names, before anything is started or written, and give its data set.

    Args:
        address: of a Ray cluster that will be joined; None: the sweep starts virtual boards.

    Raises:
        InputError: no such search space, the data set cannot be used, or no board can measure what has a budget.
    """
    if address is None:
        check_meters(experiment, units=())  # those of a lab are asked when the cluster has been joined
    module = load_search_space(experiment)
    dataset = load_dataset(experiment.dataset, experiment.seed)
    if experiment.search.needs_shapes:
        describer_of(module, dataset.sample_shape, dataset.class_count)
    return dataset


def run_sweep(
    experiment: Experiment,
    dataset: Dataset,
    folder: SweepFolder,
    progress: SweepWatcher,
    address: str | None = None,
) -> SweepResult:
    """Run every candidate, journal and log each as it ends, score the winner on the test split.

    Args:
        address: of a Ray cluster to join; None: a Ray of the sweep's own on this machine.

    Raises:
        InputError: the cluster cannot be joined, or lacks what the experiment asks for.
        KeyboardInterrupt: stopped by the user; what had finished is in the journal and in MLflow.
    """
    journal = Journal(folder.journal)
    tracker = MlflowTracker(experiment, folder)
    status, metrics, tags = "KILLED", {}, {}
    try:
        troubles = run_candidates(experiment, dataset, folder, [JournalWatcher(journal), tracker, progress], address)
        records = journal.read()
        winner = winner_of(records)
        test_accuracy = _test_accuracy(dataset, folder, winner)
        status, metrics, tags = "FINISHED", _metrics(winner, test_accuracy), _tags(records, winner, troubles)
    except Exception:
        status = "FAILED"
        raise
    finally:
        tracker.close(status, metrics, tags)
    winner_id = winner.candidate_id if winner else None
    return SweepResult(records, winner_id, test_accuracy, tracker.tracking_uri, tuple(tracker.errors), troubles)


def _test_accuracy(dataset: Dataset, folder: SweepFolder, winner: CandidateRecord | None) -> float | None:
    if winner is None:
        return None
    tflite = (folder.candidate(winner.candidate_id) / "model.tflite").read_bytes()
    return score_test_split(dataset, tflite)


def _metrics(winner: CandidateRecord | None, test_accuracy: float | None) -> dict[str, float]:
    if winner is None or winner.accuracy is None or test_accuracy is None:
        return {}
    return {"accuracy": winner.accuracy, "test_accuracy": test_accuracy}


def _tags(
    records: tuple[CandidateRecord, ...], winner: CandidateRecord | None, troubles: BoardTroubles
) -> dict[str, str]:
    return {
        "candidates": count_line(records),
        "winner": winner.candidate_id if winner else "none",
        "board_faults": fault_line(troubles.faults),
        "boards_quarantined": "; ".join(quarantine_lines(troubles.quarantined)) or "none",
    }
