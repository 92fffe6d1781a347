"""HyperOpt's expression of a space as a function: `hyperopt.space_eval` sorts the whole graph for every point."""

from collections.abc import Callable, Mapping
from typing import Any

from hyperopt.pyll import scope

Evaluate = Callable[[Mapping[str, Any]], Any]
"""From what was drawn for the active labels to the point as the space's builder takes it."""


def evaluator(node: Any) -> Evaluate:
    """Give the function for an expression of a space."""
    if node.name == "literal":
        return lambda drawn: node.obj
    if node.name == "hyperopt_param":
        label = node.arg["label"].obj
        return lambda drawn: drawn[label]
    if node.name == "switch":
        choice, *options = (evaluator(each) for each in node.inputs())
        return lambda drawn: options[int(choice(drawn))](drawn)
    positional = [evaluator(each) for each in node.pos_args]
    named = [(key, evaluator(each)) for key, each in node.named_args]
    if node.name == "pos_args":
        return lambda drawn: tuple(each(drawn) for each in positional)
    if node.name == "dict" and not positional:
        return lambda drawn: {key: each(drawn) for key, each in named}
    apply = scope._impls[node.name]
    return lambda drawn: apply(*(each(drawn) for each in positional), **{key: each(drawn) for key, each in named})
