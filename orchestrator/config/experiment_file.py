"""The experiment file: YAML keys, their rules and defaults, in one place."""

import difflib
from pathlib import Path
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BeforeValidator, Field, field_validator, model_validator

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.config.strict import StrictModel, read_yaml
from orchestrator.config.units import parse_count, parse_energy_j, parse_size_bytes, parse_time_s
from orchestrator.datasets.catalogue import BUNDLED_DATASETS
from orchestrator.domain.budget import Bound, Budget, Quantity
from orchestrator.domain.deployability import Fit
from orchestrator.domain.errors import InputError
from orchestrator.domain.experiment import (
    DatasetChoice,
    Experiment,
    MeasureChoice,
    ResourceChoice,
    SearchChoice,
    Target,
    TrainingChoice,
)

Fraction = Annotated[float, Field(gt=0.0, lt=0.9)]
Positive = Annotated[int, Field(ge=1)]


class _DatasetFile(StrictModel):
    name: str
    val_fraction: Fraction = 0.2
    test_fraction: Fraction = 0.2

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name.endswith(".npz") or name in BUNDLED_DATASETS:
            return name
        nearest = difflib.get_close_matches(name, BUNDLED_DATASETS, n=1)
        hint = f"did you mean {nearest[0]!r}? " if nearest else ""
        known = ", ".join(BUNDLED_DATASETS)
        raise ValueError(f"must be the path of an .npz file or one of {known}; {hint}but got {name!r}")


Size = Annotated[int, BeforeValidator(parse_size_bytes), Field(gt=0)]
Time = Annotated[float, BeforeValidator(parse_time_s), Field(gt=0)]
Count = Annotated[int, BeforeValidator(parse_count), Field(gt=0)]
Energy = Annotated[float, BeforeValidator(parse_energy_j), Field(gt=0)]

Number = TypeVar("Number", int, float)


class _LimitsFile(StrictModel, Generic[Number]):
    """One or both limits of a quantity; a plain value is the upper one."""

    at_most: Number | None = None
    at_least: Number | None = None

    @model_validator(mode="before")
    @classmethod
    def _value_alone(cls, value: object) -> object:
        return value if isinstance(value, dict) else {"at_most": value}

    @model_validator(mode="after")
    def _leave_room(self) -> "_LimitsFile[Number]":
        if self.at_most is None and self.at_least is None:
            raise ValueError("must have at_most, at_least or both")
        if self.at_most is not None and self.at_least is not None and self.at_least > self.at_most:
            raise ValueError(f"at_least must be <= at_most ({self.at_most}), but got {self.at_least}")
        return self


class _BudgetsFile(StrictModel):
    ram: _LimitsFile[Size] | None = None
    flash: _LimitsFile[Size] | None = None
    latency: _LimitsFile[Time] | None = None
    cycles: _LimitsFile[Count] | None = None
    energy: _LimitsFile[Energy] | None = None


class _SearchFile(StrictModel):
    algorithm: Literal["random", "tpe", "ctpe", "svm-cbo", "nsga2", "scalarised-tpe", "greybox"] = "tpe"
    candidates: Positive
    trainings: Positive | None = None
    concurrent: Positive | None = None
    filter: Literal["greybox"] | None = None

    @model_validator(mode="after")
    def _trainings_within_candidates(self) -> "_SearchFile":
        if self.trainings is not None and self.trainings > self.candidates:
            raise ValueError(
                f"trainings must be <= candidates ({self.candidates}), each being measured first, "
                f"but got {self.trainings}"
            )
        return self

    @model_validator(mode="after")
    def _one_greybox(self) -> "_SearchFile":
        if self.algorithm == self.filter:
            raise ValueError(
                f"filter: {self.filter} stands in front of other algorithms; {self.algorithm} has it inside"
            )
        return self

    def choice(self, resources: "_ResourcesFile") -> SearchChoice:
        """Give the choice; by default there is room for a network at each trainer, one that waits for it, and two at
        each board of ours: one on the board and one that is prepared for it.
        """
        boards = resources.most_boards or resources.virtual_boards
        concurrent = self.concurrent or 2 * resources.trainers + 2 * boards
        return SearchChoice(self.algorithm, self.candidates, concurrent, self.trainings, self.filter)


class _TrainingFile(StrictModel):
    epochs: Positive
    grace_epochs: Positive = 3
    reduction_factor: Annotated[int, Field(ge=2)] = 3
    patience_epochs: Positive = 5

    @model_validator(mode="after")
    def _grace_within_epochs(self) -> "_TrainingFile":
        if self.grace_epochs > self.epochs:
            raise ValueError(f"grace_epochs must be <= epochs ({self.epochs}), but got {self.grace_epochs}")
        return self


class _MeasuringFile(StrictModel):
    repeats: Positive = 3
    samples: Positive = 8
    cycles_tolerance: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.01


class _ResourcesFile(StrictModel):
    trainers: Positive = 2
    cpus_per_trainer: Annotated[int, Field(ge=0)] = 1
    gpus_per_trainer: Annotated[float, Field(ge=0.0)] = 0.0
    virtual_boards: Positive = 1
    most_boards: Positive | None = None


class _ExperimentFile(StrictModel):
    name: str = Field(pattern="^[A-Za-z0-9][A-Za-z0-9_-]*$")
    search_space: str = Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")
    dataset: _DatasetFile
    board: str | None = None
    budgets: _BudgetsFile | None = None
    boards: dict[str, _BudgetsFile] | None = None
    fit: Fit = Fit.ALL
    search: _SearchFile
    training: _TrainingFile
    measuring: _MeasuringFile = _MeasuringFile()
    resources: _ResourcesFile = _ResourcesFile()
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    tracking_uri: str | None = None

    @field_validator("dataset", mode="before")
    @classmethod
    def _name_alone(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value

    @field_validator("board")
    @classmethod
    def _known_board(cls, value: str) -> str:
        return _known(value)

    @field_validator("boards")
    @classmethod
    def _known_boards(cls, value: dict[str, _BudgetsFile]) -> dict[str, _BudgetsFile]:
        for name in value:
            _known(name)
        return value

    @model_validator(mode="after")
    def _one_way_of_naming_boards(self) -> "_ExperimentFile":
        if bool(self.board) is bool(self.boards):
            raise ValueError("must have either `board` with `budgets`, or `boards` with the budgets of each board type")
        if self.board is not None and self.budgets is None:
            raise ValueError("key 'budgets' is required beside 'board'")
        if self.boards is not None and self.budgets is not None:
            raise ValueError("budgets: stand under each board type of `boards`, not beside it")
        return self

    def targets(self) -> tuple[Target, ...]:
        """Give the boards with their budgets, in the order of the file."""
        if self.boards is not None:
            return tuple(Target(board, _budgets(budgets)) for board, budgets in self.boards.items())
        assert self.board is not None and self.budgets is not None
        return (Target(self.board, _budgets(self.budgets)),)


def _known(board: str) -> str:
    try:
        load_board_type(board)
    except InputError as error:
        raise ValueError(str(error)) from error
    return board


def read_experiment(path: Path) -> Experiment:
    """Read and check an experiment file; a relative .npz path is taken from the file's own folder.

    Raises:
        InputError: a mistake in the file: key, value, rule and the nearest known key in one line.
    """
    content = read_yaml(path, _ExperimentFile)
    return Experiment(
        name=content.name,
        search_space=content.search_space,
        dataset=_dataset(content.dataset, path.parent),
        targets=content.targets(),
        fit=content.fit,
        search=content.search.choice(content.resources),
        training=TrainingChoice(**content.training.model_dump()),
        measuring=MeasureChoice(**content.measuring.model_dump()),
        resources=ResourceChoice(**content.resources.model_dump()),
        seed=content.seed,
        tracking_uri=content.tracking_uri,
        code=path.parent.resolve(),
    )


def _dataset(content: _DatasetFile, folder: Path) -> DatasetChoice:
    is_file = content.name.endswith(".npz")
    path = (folder / content.name).resolve() if is_file else None
    return DatasetChoice(content.name, path, content.val_fraction, content.test_fraction)


def _budgets(content: _BudgetsFile) -> tuple[Budget, ...]:
    limits: dict[str, dict[str, float]] = content.model_dump(exclude_none=True)
    return tuple(
        Budget(quantity, limits[quantity.value][bound.value], bound)
        for quantity in Quantity
        for bound in Bound
        if bound.value in limits.get(quantity.value, {})
    )
