"""Query and body become the row's models, or every fault at once.

Knows JSON and pydantic. Repeats no value; of names that were sent only as much as fits a line.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

import orjson
from pydantic import BaseModel, ValidationError

from samsvar.inbound.admin.problems import Problem
from samsvar.inbound.admin.router import Route


def read_json(model: type[BaseModel], body: bytes) -> BaseModel:
    """The body.

    Raises:
        Problem: 400 or 422.
    """
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem(400, "the body is not JSON in UTF-8") from error
    return _valid(model, tree, "the body is not of its form")


def read_query(route: Route, query: str) -> BaseModel:
    """What stands after the question mark.

    Raises:
        Problem: 422.
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    tree = dict(pairs)
    if len(tree) != len(pairs):
        raise Problem(422, "what stands after the question mark stands there twice")
    return _valid(route.query, tree, "what stands after the question mark cannot be taken")


def _valid(model: type[BaseModel], tree: object, text: str) -> BaseModel:
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(part)[:40] for part in fault['loc']) or 'it'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise Problem(422, text, faults) from error
