from pathlib import Path

import pytest

from orchestrator.config.experiment_file import read_experiment
from orchestrator.domain.budget import Bound, Budget, Quantity
from orchestrator.domain.deployability import Fit
from orchestrator.domain.errors import InputError

QUICKSTART = Path(__file__).parents[3] / "search_spaces" / "digits" / "quickstart.yaml"


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = QUICKSTART.read_text()
    assert old in text
    path = tmp_path / "experiment.yaml"
    path.write_text(text.replace(old, new))
    return path


def test_the_quickstart_is_read_with_budgets_in_base_units() -> None:
    experiment = read_experiment(QUICKSTART)
    assert experiment.boards == ("nucleo_l476rg",)
    assert experiment.budgets_of("nucleo_l476rg") == (
        Budget(Quantity.RAM, 4 * 1024),
        Budget(Quantity.FLASH, 24 * 1024),
        Budget(Quantity.LATENCY, 0.002),
    )
    assert experiment.search.candidates >= 16
    assert experiment.search.concurrent >= 2


def test_an_energy_budget_is_read_in_joules(tmp_path: Path) -> None:
    experiment = read_experiment(changed(tmp_path, "  ram: 4KiB", "  energy: 1.5mJ"))
    assert Budget(Quantity.ENERGY, 0.0015) in experiment.budgets_of("nucleo_l476rg")


def test_every_quantity_may_have_an_upper_limit_a_lower_one_or_both(tmp_path: Path) -> None:
    text = (
        "  ram: {at_least: 1KiB, at_most: 4KiB}\n  cycles: {at_least: 10k}\n  energy: {at_most: 2mJ, at_least: 1mJ}\n"
        "  latency: 2ms\n  flash: {at_most: 24KiB}\n"
    )
    head, _, rest = QUICKSTART.read_text().partition("  ram: 4KiB")
    path = tmp_path / "experiment.yaml"
    path.write_text(f"{head}{text}{rest[rest.index('search:') :]}")
    assert read_experiment(path).budgets_of("nucleo_l476rg") == (
        Budget(Quantity.RAM, 4096),
        Budget(Quantity.RAM, 1024, Bound.AT_LEAST),
        Budget(Quantity.FLASH, 24 * 1024),
        Budget(Quantity.LATENCY, 0.002),
        Budget(Quantity.CYCLES, 10_000, Bound.AT_LEAST),
        Budget(Quantity.ENERGY, 0.002),
        Budget(Quantity.ENERGY, 0.001, Bound.AT_LEAST),
    )


def test_by_default_there_is_room_for_networks_that_wait_for_each_trainer_and_board(tmp_path: Path) -> None:
    path = changed(tmp_path, "  concurrent: 3 ", "  trainings: 5 ")
    search, resources = read_experiment(path).search, read_experiment(path).resources
    assert search.concurrent == 2 * resources.trainers + 2 * resources.virtual_boards
    assert (search.candidates, search.trainings, search.to_train) == (20, 5, 5)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("  ram: 4KiB", "  ram: {}", ["budgets.ram", "at_most, at_least or both"]),
        (
            "  ram: 4KiB",
            "  ram: {at_most: 1KiB, at_least: 2KiB}",
            ["budgets.ram", "at_least must be <= at_most (1024)"],
        ),
        ("  ram: 4KiB", "  ram: {atmost: 1KiB}", ["unknown key 'budgets.ram.atmost'", "did you mean 'at_most'?"]),
        ("  ram: 4KiB", "  ram: {at_least: 0}", ["budgets.ram.at_least", "greater than 0"]),
        ("  ram: 4KiB", "  rom: 4KiB", ["unknown key 'budgets.rom'", "did you mean 'ram'?"]),
        ("  ram: 4KiB", "  ram: 4Kb", ["budgets.ram", "KiB", "'4Kb'"]),
        ("  ram: 4KiB", "  energy: 2W", ["budgets.energy", "J, mJ, uJ", "'2W'"]),
        ("seed: 1", "sead: 1", ["unknown key 'sead'", "did you mean 'seed'?"]),
        ("algorithm: tpe", "algorithm: tpee", ["search.algorithm", "'random', 'tpe', 'ctpe'", "'tpee'"]),
        ("algorithm: tpe", "filter: grey", ["search.filter", "'greybox'", "'grey'"]),
        (
            "algorithm: tpe ",
            "algorithm: greybox\n  filter: greybox #",
            ["search", "filter: greybox stands in front of"],
        ),
        ("  candidates: 20", "  candidates: 0", ["search.candidates", "greater than or equal to 1", "0"]),
        (
            "  candidates: 20",
            "  candidates: 20\n  trainings: 21",
            ["search", "trainings must be <= candidates (20)", "21"],
        ),
        ("board: nucleo_l476rg", "board: nucleo_l476", ["board", "did you mean 'nucleo_l476rg'?"]),
        ("dataset: digits ", "dataset: digit ", ["dataset.name", "did you mean 'digits'?"]),
        ("  epochs: 20", "  epochs: 2", ["training", "grace_epochs must be <= epochs (2)"]),
        ("name: digits-quickstart", "name: ../escape", ["name", "../escape"]),
        ("search_space: search_spaces.digits", "", ["key 'search_space' is required"]),
        ("board: nucleo_l476rg", "", ["either `board` with `budgets`, or `boards`"]),
        ("board: nucleo_l476rg", "boards: {nucleo_l476rg: {ram: 8KiB}}", ["budgets: stand under each board type"]),
        ("board: nucleo_l476rg", "boards: {nucleo_l47rg: {ram: 8KiB}}", ["did you mean 'nucleo_l476rg'?"]),
    ],
)
def test_a_mistake_is_named_with_key_value_rule_and_nearest_key(
    tmp_path: Path, old: str, new: str, says: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        read_experiment(changed(tmp_path, old, new))
    message = str(caught.value)
    assert "\n" not in message
    assert all(part in message for part in says), message


def test_a_relative_npz_path_is_taken_from_the_files_own_folder(tmp_path: Path) -> None:
    path = changed(tmp_path, "dataset: digits ", "dataset: data/mine.npz ")
    assert read_experiment(path).dataset.path == (tmp_path / "data" / "mine.npz").resolve()


@pytest.mark.parametrize("text", ["", "- a", "a: [", "\x00"])
def test_a_file_that_is_no_mapping_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "experiment.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_experiment(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_experiment(Path("no-such.yaml"))


def test_several_boards_have_budgets_of_their_own(tmp_path: Path) -> None:
    head, _, rest = QUICKSTART.read_text().partition("board: nucleo_l476rg")
    _, _, rest = rest.partition("search:")
    path = tmp_path / "two.yaml"
    boards = "boards:\n  nucleo_l476rg: {ram: 8KiB}\n  nucleo_f446re: {ram: 16KiB, latency: 1ms}\nfit: any\n"
    path.write_text(f"{head}{boards}search:{rest}")
    experiment = read_experiment(path)
    assert experiment.boards == ("nucleo_l476rg", "nucleo_f446re")
    assert experiment.fit is Fit.ANY
    assert experiment.budgets_of("nucleo_l476rg") == (Budget(Quantity.RAM, 8 * 1024),)
    assert experiment.budgets_of("nucleo_f446re")[1] == Budget(Quantity.LATENCY, 0.001)
