import hyperopt
import numpy as np
from hyperopt import hp
from hyperopt.base import Domain
from hyperopt.pyll import scope

from orchestrator.search.dimensions import dimensions_of
from orchestrator.search.expression import evaluator
from orchestrator.search.history import History
from orchestrator.search.points import PointSpace
from orchestrator.search.suggesting import random_points
from search_spaces.digits import space

SPACE = {
    "digits": space(),
    "whole": scope.int(hp.quniform("whole", 1, 9, 2)),
    "pair": (hp.uniform("u", 0, 1), [hp.randint("r", 5), "text"]),
    "keyed": {"more": hp.pchoice("p", [(0.2, None), (0.8, {"deep": hp.lognormal("l", 0, 1)})])},
}


def test_a_points_value_is_what_hyperopt_makes_of_it() -> None:
    domain = Domain(lambda point: 0.0, SPACE)
    evaluate = evaluator(domain.expr)
    history = History(PointSpace(dimensions_of(domain.expr)), frozenset())
    points = random_points(history, 40, np.random.default_rng(1))
    for values in points.values:
        drawn = history.space.drawn(values)
        assert evaluate(drawn) == hyperopt.space_eval(SPACE, drawn)
