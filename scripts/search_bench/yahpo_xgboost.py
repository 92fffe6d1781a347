"""A surrogate of tuning XGBoost: `rbv2_xgboost` of YAHPO Gym, limited in memory and prediction time.

Pfisterer, Schneider, Moosbauer, Binder, Bischl: "YAHPO Gym - An Efficient Multi-Objective Multi-Fidelity Benchmark
for Hyperparameter Optimization" (AutoML 2022). The order of inputs and outputs is that of yahpo_gym 1.0.2.
"""

import json
import os
from functools import cached_property
from math import log
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_bench.enumeration import Drawn
from search_bench.problem import Measured

TASK = "1468"
"""The data set (OpenML); one on which budgets cost accuracy, and the surrogate has no point without any error."""

FULL_SIZE = {"trainsize": 1.0, "repl": 10}

INPUTS = (
    "nrounds",
    "eta",
    "gamma",
    "lambda",
    "alpha",
    "subsample",
    "max_depth",
    "min_child_weight",
    "colsample_bytree",
    "colsample_bylevel",
    "rate_drop",
    "skip_drop",
    "trainsize",
    "repl",
)
CATEGORIES = ("task_id", "booster", "num.impute.selected.cpo")
ACCURACY, PREDICTION_TIME, MEMORY = 0, 7, 8
BOOSTERS = ("gblinear", "gbtree", "dart")
IMPUTATIONS = ("impute.mean", "impute.median", "impute.hist")


class YahpoXgboost:
    """The conditional space of `config_space.json` with full fidelity; the loss is the error rate."""

    name = "xgboost"
    training_labels: frozenset[str] = frozenset()
    metrics = ("memory", "prediction_time")

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(os.environ["MCUTUNE_SHARED"]) / "data" / "yahpo_rbv2_xgboost"
        self._ranges = {
            each["name"]: each
            for each in json.loads((self._folder / "config_space.json").read_text())["hyperparameters"]
        }
        self._known: dict[str, NDArray[np.float32]] = {}
        self.space = self._space()

    def measure(self, points: list[Drawn]) -> list[Measured]:
        """See `Problem`; a prediction below the smallest positive one counts as that."""
        rows = self._predict(points)
        return [
            {"memory": max(float(row[MEMORY]), 1.0), "prediction_time": max(float(row[PREDICTION_TIME]), 1e-3)}
            for row in rows
        ]

    def train(self, drawn: Drawn) -> float:
        """See `Problem`."""
        return 1.0 - float(self._predict([drawn])[0][ACCURACY])

    def _space(self) -> dict[str, Any]:
        from hyperopt import hp

        trees = ("eta", "gamma", "max_depth", "min_child_weight", "colsample_bytree", "colsample_bylevel")
        common = ("nrounds", "lambda", "alpha", "subsample")
        dropped = ("rate_drop", "skip_drop")
        return {
            **{name: self._label("", name) for name in common},
            "imputation": hp.choice("imputation", list(IMPUTATIONS)),
            "booster": hp.choice(
                "booster",
                [
                    {"kind": "gblinear"},
                    {"kind": "gbtree", **{name: self._label("gbtree ", name) for name in trees}},
                    {"kind": "dart", **{name: self._label("dart ", name) for name in (*trees, *dropped)}},
                ],
            ),
        }

    def _label(self, prefix: str, name: str) -> Any:
        from hyperopt import hp

        given = self._ranges[name]
        low, high, label = given["lower"], given["upper"], f"{prefix}{name}"
        if given["type"] == "uniform_int":
            return hp.qloguniform(label, log(low), log(high), 1) if given["log"] else hp.quniform(label, low, high, 1)
        return hp.loguniform(label, log(low), log(high)) if given["log"] else hp.uniform(label, low, high)

    def _predict(self, points: list[Drawn]) -> list[NDArray[np.float32]]:
        keys = [repr(sorted(drawn.items())) for drawn in points]
        missing = {key: drawn for key, drawn in zip(keys, points, strict=True) if key not in self._known}
        if missing:
            (outputs,) = self._session.run(None, self._inputs(list(missing.values())))
            self._known |= dict(zip(missing, outputs, strict=True))
        return [self._known[key] for key in keys]

    def _inputs(self, points: list[Drawn]) -> dict[str, NDArray[Any]]:
        flat = [self._flat(drawn) for drawn in points]
        numbers = [[float(each.get(name, 0.0)) for name in INPUTS] for each in flat]
        codes = [[self._codes[name][each[name]] for name in CATEGORIES] for each in flat]
        return {"x_cont": np.array(numbers, np.float32), "x_cat": np.array(codes, np.int32)}

    def _flat(self, drawn: Drawn) -> dict[str, Any]:
        numbers = {label.rpartition(" ")[2]: value for label, value in drawn.items()}
        return {
            **numbers,
            **FULL_SIZE,
            "task_id": TASK,
            "booster": BOOSTERS[int(drawn["booster"])],
            "num.impute.selected.cpo": IMPUTATIONS[int(drawn["imputation"])],
        }

    @cached_property
    def _codes(self) -> dict[str, dict[str, int]]:
        codes: dict[str, dict[str, int]] = json.loads((self._folder / "encoding.json").read_text())
        return codes

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(str(self._folder / "model.onnx"), options)
