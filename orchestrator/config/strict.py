"""Read a YAML file against a schema; a mistake becomes one line that names key, value, rule and nearest key."""

import difflib
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from orchestrator.domain.errors import InputError


class StrictModel(BaseModel):
    """A schema that rejects unknown keys and never changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


Schema = TypeVar("Schema", bound=StrictModel)


def read_yaml(path: Path, schema: type[Schema]) -> Schema:
    """Read `path` as `schema`.

    Raises:
        InputError: unreadable file, YAML syntax, an unknown key or a bad value.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise InputError(f"{path}: is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: must hold keys and values, but holds {type(content).__name__}")
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        raise InputError(_explain(path, schema, error)) from error


def explain_rows(path: Path, row: type[BaseModel], error: ValidationError) -> str:
    """Say in one line what is wrong with a list of rows; their numbers stand for their keys."""
    return _explain(path, row, error)


def explain(schema: type[BaseModel], error: ValidationError) -> str:
    """Say in one line what is wrong with values that come from no file of their own."""
    return "; ".join(_explain_one(schema, dict(problem)) for problem in error.errors())


def parse_yaml(text: str) -> object:
    """Give the value that a piece of YAML stands for, or the text itself where it is none."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _explain(path: Path, schema: type[BaseModel], error: ValidationError) -> str:
    problems = [_explain_one(schema, dict(problem)) for problem in error.errors()]
    return "; ".join(f"{path}: {problem}" for problem in problems)


def _explain_one(schema: type[BaseModel], problem: dict[str, Any]) -> str:
    location = [part for part in problem["loc"] if not str(part).startswith("function-")]
    key = ".".join(str(part) for part in location)
    if problem["type"] == "extra_forbidden":
        known = sorted(_known_keys(schema, location[:-1]))
        nearest = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
        hint = f"did you mean {nearest[0]!r}? " if nearest else ""
        return f"unknown key {key!r}; {hint}known keys: {', '.join(known)}"
    if problem["type"] == "missing":
        return f"key {key!r} is required"
    message = problem["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    got = "" if "but got" in message else f", but got {problem['input']!r}"
    return f"{key}: {message}{got}" if key else message


def _known_keys(schema: type[BaseModel], location: list[Any]) -> list[str]:
    """Keys of the (nested) schema at `location`; list indices are passed over."""
    current = schema
    for part in location:
        field = current.model_fields.get(str(part))
        if field is None:
            continue
        nested = _model_in(field.annotation)
        if nested is None:
            return []
        current = nested
    return list(current.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Find the schema inside an annotation such as `tuple[MemoryFile, ...]` or `X | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
