"""Whatever is sent: every answer is one that the description has, and none is 500.

Bodies are made of the description itself, good and nearly good, for every operation and role;
the door is called as a server would, without a socket.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samsvar.clock import SystemClock
from samsvar.inbound.admin.door import AdminDoor
from samsvar.inbound.http import Headers
from samsvar.inbound.http_protocol import Arrival, ListenerFacts
from samsvar.onboarding.roles import Role
from samsvar.settings import Settings
from samsvar.store.secrets import open_vault
from samsvar.store.users import SqlUsers
from tests import openapi
from tests.databases import open_database
from tests.onboarding import CONSUMER, FORM, REGISTRAR, packaged
from tests.privacy import found
from tests.world import MemoryEvents

TEXTS = (
    *("", "omsorgen", "Omsorgen", "SE2129999989-LIFECARE1", "GetCarePlans 2", "soap", "prator"),
    *(
        "https://lifecare.example/",
        "drift@kommun.example",
        "två\nrader",
        "x" * 300,
        "\x00",
        "..%2F",
    ),
    *("2999-01-01T00:00:00+01:00", "Tolvan 19121212-1212", "191212121212", "file:/etc/passwd", "ö"),
)
FACTS = ListenerFacts(False, False, None, 5.0, 10, admin=True)


@dataclass
class Running:
    """A door on a real database, users of every role, and a clock that hurries."""

    door: AdminDoor
    tokens: dict[Role, str]
    document: Any
    events: MemoryEvents
    seconds: float = 0.0

    async def ask(self, role: Role, method: str, path: str, kind: str, body: bytes) -> Any:
        """Status and body."""
        self.seconds += 1.0
        headers = [
            (b"host", b"localhost"),
            (b"authorization", f"Bearer {self.tokens[role]}".encode()),
            (b"content-type", kind.encode()),
        ]
        scope: MutableMapping[str, Any] = {
            "method": method,
            "path": path,
            "query_string": b"",
            "client": ("127.0.0.1", 1),
        }

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        arrival = Arrival(FACTS, None, 0.0)
        status, _, told = await self.door.serve(arrival, Headers(headers), scope, receive)
        return status, told


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Running]:
    """A hub's door without the hub."""
    database = open_database(tmp_path)
    premises = packaged().premises(database, Settings())

    async def published() -> None:
        return None

    table = premises.table(
        open_vault(database),
        missing=list,
        catalogue_version=premises.catalogue.newest,
        published=published,
    )
    desk = premises.desk()
    name = desk.register(REGISTRAR, FORM, "omsorgen").id
    desk.ask_publication(REGISTRAR, name)
    desk.approve(REGISTRAR, name, "", consumers=[CONSUMER], social_care=True)
    users = SqlUsers(database, SystemClock())
    events = MemoryEvents()
    made = Running(
        AdminDoor(table, users, events, lambda: made.seconds, body_seconds=5.0),
        {role: users.new_token(role, role, ["omsorgen"], 1, "test")[0] for role in Role},
        None,
        events,
    )
    made.document = orjson.loads(made.door._description)
    yield made
    database.close()


def values(schema: Any, document: Any) -> st.SearchStrategy[Any]:
    """Values as a schema has them, and sometimes not."""
    if "$ref" in schema:
        schema = openapi.resolved(schema["$ref"], document)
    if "anyOf" in schema:
        return st.one_of(*(values(each, document) for each in schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from([*schema["enum"], "other"])
    match schema.get("type"):
        case "string":
            return st.sampled_from(TEXTS)
        case "integer" | "number":
            return st.sampled_from([0, 1, -1, 2, 12.5, 10**9])
        case "array":
            return st.lists(values(schema["items"], document), max_size=3)
        case "object":
            fields = {
                name: values(each, document) for name, each in schema.get("properties", {}).items()
            }
            needed = {name: fields[name] for name in schema.get("required", ())}
            others = {name: each for name, each in fields.items() if name not in needed}
            whole = st.fixed_dictionaries(needed, optional=others)
            odd = st.dictionaries(st.sampled_from(TEXTS), st.sampled_from(TEXTS), max_size=2)
            return st.one_of(whole, whole, odd)
        case _:
            return st.none()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_every_answer_is_one_that_the_description_has(door: Running, data: st.DataObject) -> None:
    """And nothing personal is in it, nor in what is noted."""
    rows = [
        (method, template, operation)
        for template, item in door.document["paths"].items()
        for method, operation in item.items()
        if not template.endswith(("/test", "openapi.json"))
    ]
    method, template, operation = data.draw(st.sampled_from(rows))
    role = data.draw(st.sampled_from([*[Role.REGISTRAR] * 8, Role.PRODUCER, *Role]))
    path = re.sub(
        r"\{\w+\}", data.draw(st.sampled_from(["omsorgen"] * 4 + ["somebody", "x y"])), template
    )
    kind, body = "application/json", b""
    if "requestBody" in operation:
        ((kind, media),) = operation["requestBody"]["content"].items()
        drawn = data.draw(values(media["schema"], door.document))
        body = drawn.encode() if isinstance(drawn, str) else orjson.dumps(drawn)

    status, told = asyncio.run(door.ask(role, method.upper(), path, kind, body))

    if path != template and " " in path:
        assert status == 404
        return
    schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
    assert status != 500
    assert list(openapi.faults(orjson.loads(told), schema, door.document)) == []
    assert found(told) == []
    assert found(repr(door.events.events).encode()) == []


def test_the_description_keeps_to_the_specification(door: Running) -> None:
    """Each rule of the linter; and that the linter sees a broken one."""
    assert list(openapi.lint(door.document)) == []
    broken = orjson.loads(orjson.dumps(door.document))
    del broken["paths"]["/admin/v1/producers/{id}"]["get"]["parameters"]
    broken["components"]["schemas"]["ProducerBody"]["properties"]["state"]["$ref"] = "#/nowhere"
    assert len(list(openapi.lint(broken))) == 2
