"""What a sweep is asked to do."""

from dataclasses import dataclass
from pathlib import Path

from orchestrator.domain.budget import Budget
from orchestrator.domain.deployability import Fit


@dataclass(frozen=True)
class DatasetChoice:
    """A data set: the name of a bundled one, or the path of an .npz file.

    Attributes:
        val_fraction, test_fraction: shares split off the training data where the data set has no such part.
    """

    name: str
    path: Path | None
    val_fraction: float
    test_fraction: float


@dataclass(frozen=True)
class Target:
    """A board type that networks are searched for, and what they may take of it."""

    board: str
    budgets: tuple[Budget, ...]


@dataclass(frozen=True)
class SearchChoice:
    """How candidates are suggested, and how many.

    Attributes:
        candidates: most that may be measured.
        concurrent: most that may be under way at once, those included that fit and wait for a trainer.
        trainings: most that may be trained; None: all that fit.
        filter: what proposals must pass; None: nothing.
    """

    algorithm: str
    candidates: int
    concurrent: int
    trainings: int | None = None
    filter: str | None = None

    @property
    def to_train(self) -> int:
        """Most that can be trained."""
        return self.candidates if self.trainings is None else self.trainings

    @property
    def needs_shapes(self) -> bool:
        """Whether the search space must describe its networks."""
        return "greybox" in (self.algorithm, self.filter)


@dataclass(frozen=True)
class TrainingChoice:
    """How candidates are trained; batch size and learning rate come from the space.

    Attributes:
        grace_epochs: epochs that ASHA lets every candidate have.
        reduction_factor: ASHA keeps one in so many per rung.
        patience_epochs: training ends when the validation accuracy has not improved for so long.
    """

    epochs: int
    grace_epochs: int
    reduction_factor: int
    patience_epochs: int


@dataclass(frozen=True)
class ResourceChoice:
    """Trainers, what each of them holds, and boards.

    Attributes:
        virtual_boards: started when the lab has no board of the type.
        most_boards: how many boards of the lab the sweep may hold at once; None: any.
    """

    trainers: int
    cpus_per_trainer: int
    gpus_per_trainer: float
    virtual_boards: int
    most_boards: int | None = None


@dataclass(frozen=True)
class MeasureChoice:
    """Repeats of the timed inference and how many real samples are checked bit for bit on the device."""

    repeats: int
    samples: int
    cycles_tolerance: float


@dataclass(frozen=True)
class Experiment:
    """A validated experiment file.

    Attributes:
        fit: on which of several targets a network must keep its budgets.
        code: folder of the file: where Python looks for a search space of the user's own.
    """

    name: str
    search_space: str
    dataset: DatasetChoice
    targets: tuple[Target, ...]
    fit: Fit
    search: SearchChoice
    training: TrainingChoice
    measuring: MeasureChoice
    resources: ResourceChoice
    seed: int
    tracking_uri: str | None
    code: Path | None = None

    @property
    def boards(self) -> tuple[str, ...]:
        """Names of the board types, in the order of the file."""
        return tuple(target.board for target in self.targets)

    def budgets_of(self, board: str) -> tuple[Budget, ...]:
        """Give what networks may take of a board type."""
        return next(target.budgets for target in self.targets if target.board == board)
