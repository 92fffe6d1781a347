from itertools import product

import numpy as np
import pytest

from orchestrator.compiler.shape_sketch import ShapeSketch
from orchestrator.domain.deployability import Fit
from orchestrator.domain.network_shape import LayerShape, NetworkShape
from orchestrator.search.board_model import BoardModel
from orchestrator.search.cost_model import CostModel, MeasuredNetwork
from orchestrator.search.observation import BoardCosts
from orchestrator.search.regression import Regression


def network(filters: int, kernel: int, units: int, is_separable: bool = False) -> NetworkShape:
    sketch = ShapeSketch((8, 8, 1))
    sketch.conv2d(8, 3)
    if is_separable:
        sketch.depthwise_conv2d(kernel)
        sketch.conv2d(filters, 1)
    else:
        sketch.conv2d(filters, kernel, stride=2)
    sketch.global_average()
    sketch.dense(units)
    return sketch.finished()


NETWORKS = [network(*each) for each in product((8, 16, 24, 32), (3, 5), (10, 40), (False, True))]
OTHERS = NETWORKS[::3]
KNOWN = [each for each in NETWORKS if each not in OTHERS]


def cycles_of(layer: LayerShape) -> int:
    """Made up: another price per product for every kernel, and something for each output."""
    per_mac = {"mt_conv2d": 1.5, "mt_fully_connected": 2.0}.get(layer.kernel, 5.0)
    return round(per_mac * layer.macs + 20 * layer.output_bytes + 300)


def costs_of(shape: NetworkShape, board: str = "kit", speed: float = 1.0, limit: float = 200_000) -> BoardCosts:
    layers = tuple((layer.operator, round(cycles_of(layer) / speed)) for layer in shape.layers)
    latency = (sum(cycles for _, cycles in layers) + 100) / limit
    flash = (10_000 + shape.weight_bytes + 2_000 * ("mt_depthwise_conv2d_3x3" in shape.kernels)) / 14_000
    return BoardCosts(board, {"latency": latency, "ram": (shape.live_bytes + 840) / 3_000, "flash": flash}, layers)


def measured(networks: list[NetworkShape], **options: float) -> list[MeasuredNetwork]:
    return [MeasuredNetwork(each, (costs_of(each, **options),)) for each in networks]


def test_a_regression_carries_over_to_larger_things_and_knows_what_it_has_seen() -> None:
    rng = np.random.default_rng(1)
    features = rng.integers(1, 100, (30, 3)).astype(float)
    targets = features @ np.array([3.0, 0.5, 0.0]) + 7.0
    regression = Regression(np.column_stack([features, np.ones(30)]), targets)
    assert regression.predict(np.column_stack([features, np.ones(30)])) == pytest.approx(targets, rel=2e-2)
    assert regression.predict(np.array([[400.0, 300.0, 50.0, 1.0]])) == pytest.approx(1357.0, rel=0.1)


def test_what_networks_take_is_predicted_from_others() -> None:
    predicted = BoardModel([(each, costs_of(each)) for each in KNOWN]).shares(OTHERS)
    assert set(predicted) == {"latency", "ram", "flash"}
    for name, shares in predicted.items():
        actual = np.array([costs_of(each).shares[name] for each in OTHERS])
        assert np.abs(shares / actual - 1.0).max() < 0.15, name


def test_layers_teach_more_than_whole_networks() -> None:
    known, others = NETWORKS[:6], NETWORKS[6:]
    actual = np.array([costs_of(each).shares["latency"] for each in others])
    by_layer = BoardModel([(each, costs_of(each)) for each in known]).shares(others)["latency"]
    whole = [(each, BoardCosts("kit", costs_of(each).shares)) for each in known]
    by_network = BoardModel(whole).shares(others)["latency"]
    assert np.abs(np.log(by_layer / actual)).mean() < np.abs(np.log(by_network / actual)).mean()


def test_layers_other_than_those_described_are_not_taken_for_them() -> None:
    shares = costs_of(NETWORKS[0]).shares
    model = BoardModel([(each, BoardCosts("kit", shares, (("SOFTMAX", 5),))) for each in NETWORKS[:5]])
    assert model.shares(NETWORKS[:1])["latency"] == pytest.approx(shares["latency"], rel=0.01)


def test_chances_tell_what_fits_from_what_does_not() -> None:
    model = CostModel(measured(KNOWN))
    assert model.constraints == {"latency", "ram", "flash"}
    chances = np.exp(model.log_chances(OTHERS))
    fits = np.array([all(share <= 1.0 for share in costs_of(each).shares.values()) for each in OTHERS])
    assert fits.any() and not fits.all()
    assert chances[fits].min() > chances[~fits].max()


def test_a_lower_limit_wants_more() -> None:
    def both(shape: NetworkShape) -> BoardCosts:
        share = costs_of(shape).shares["flash"]
        return BoardCosts("kit", {"flash": share / 2.0, "flash_at_least": share})

    model = CostModel([MeasuredNetwork(each, (both(each),)) for each in KNOWN])
    chances = np.exp(model.log_chances(OTHERS))
    enough = np.array([costs_of(each).shares["flash"] >= 1.0 for each in OTHERS])
    assert enough.any() and not enough.all()
    assert chances[enough].min() > chances[~enough].max()


def test_of_several_boards_all_count_or_the_nearest() -> None:
    both = [MeasuredNetwork(each, (costs_of(each), costs_of(each, board="slow", speed=0.01))) for each in KNOWN]
    chances = {fit: np.exp(CostModel(both, fit).log_chances(NETWORKS)).max() for fit in Fit}
    assert chances[Fit.ALL] < 0.01 < 0.5 < chances[Fit.ANY]


def test_a_kernel_never_measured_is_still_given_a_price() -> None:
    model = CostModel(measured([each for each in NETWORKS if "mt_depthwise_conv2d_3x3" not in each.kernels]))
    assert np.isfinite(model.log_chances(NETWORKS)).all()
