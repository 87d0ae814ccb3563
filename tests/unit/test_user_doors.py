"""One plan of many owners, by each door for users: no byte of what the actor may not see.

Everything that the doors give is looked through: Bundles with all that can be sent along, every
resource, file and document that they point at, and the pages for citizens.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import pytest

from samsvar.errors import AccessRefused
from samsvar.inbound.citizen.bodies import CitizenQuestion, PlanQuestion
from samsvar.inbound.citizen.handlers import CitizenPages
from samsvar.inbound.fhir.facade import Facade
from samsvar.inbound.http import Headers
from samsvar.inbound.http_protocol import Arrival, ListenerFacts
from samsvar.inbound.users.asking import Desk, Visit
from samsvar.inbound.users.handles import Handles
from samsvar.inbound.users.refusal import Refusal
from samsvar.inbound.users.router import Asked, Made
from samsvar.model.user import UserKind
from tests.facts import MemoryFacts
from tests.mixed_plan import ALL, GROWN_UP, NOT_GIVEN, OTHER_REGION, Asking, staff
from tests.unit.test_disclose import ACTORS
from tests.world import HUB, call

BASE = "https://samsvar.example"
PEOPLE = {name: each for name, each in ACTORS.items() if each[0].user is not None}


class NoAccesses:
    """Not asked for here."""

    def for_person(self, *_asked: object) -> Any:
        raise AssertionError


class Doors:
    """All of them, for one who asks."""

    def __init__(self, asking: Asking) -> None:
        self.asking = asking
        world = asking.stage().world
        desk = Desk(
            world,
            Handles(bytes(32)),
            NoAccesses(),
            address=HUB,
            deadline=5.0,
            handle_minutes=30.0,
        )
        self._world = world
        self._facade, self._pages = Facade(desk), CitizenPages(desk)

    def _asked(self, body: object = None, handle: str = "", accepts: str = "*/*") -> Asked:
        assert self.asking.user is not None
        peer = call().peer
        visit = Visit(
            door="fhir",
            arrival=Arrival(_LISTENER, None, self._world.clock.monotonic()),
            headers=Headers([]),
            peer=peer,
            correlation_id=call().correlation_id,
            user=self.asking.user,
            statement=self.asking.statement,
            base=BASE,
        )
        return Asked(visit, {"id": handle}, body, accepts, "")

    async def search(self, kind: str, *, documents: bool = False) -> Made:
        """Everything of this type, and all that can be sent along."""
        about = self.asking.subject
        form = [("patient.identifier", f"urn:oid:{about.root}|{about.extension}")]
        if kind == "CarePlan":
            form += [("_include", "*"), ("_revinclude", "*")]
        asked = self._asked(urlencode(form))
        return await self._facade.search(asked, kind, documents=documents)

    async def fetched(self, url: str, kind: str | None = None) -> Made:
        """What an address of the answer leads to."""
        handle = urlsplit(url).path.rpartition("/")[2]
        asked = self._asked(handle=handle)
        if kind is None:
            return await self._facade.document(asked)
        return await self._facade.read(asked, kind)

    async def pages(self) -> list[Made]:
        """What a citizen's application would show."""
        about, capacity = self.asking.subject.extension, self.asking.statement.capacity
        question = CitizenQuestion(person=about, capacity=capacity)
        listed = await self._pages.plans(self._asked(question))
        made = [listed]
        for line in orjson.loads(listed.body)["plans"]:
            wanted = PlanQuestion(person=about, capacity=capacity, plan=line["plan"])
            made.append(await self._pages.plan(self._asked(wanted)))
        return made


_LISTENER = ListenerFacts(
    secure=False, trusted=True, certificate_header=None, header_seconds=5.0, most_connections=10
)


def found_in(*bodies: bytes) -> frozenset[str]:
    """Which words of the plan stand anywhere in them, also in what is coded in base64."""
    told = b"".join(bodies)
    for body in bodies:
        if body.startswith(b"{"):
            told += b"".join(_coded(orjson.loads(body)))
    text = told.decode("utf-8", "replace")
    return frozenset(word for word in ALL if word in text)


def _coded(value: Any) -> Iterator[bytes]:
    if isinstance(value, dict):
        if isinstance(value.get("data"), str):
            yield base64.b64decode(value["data"])
        for each in value.values():
            yield from _coded(each)
    elif isinstance(value, list):
        for each in value:
            yield from _coded(each)


async def everything(doors: Doors) -> list[bytes]:
    """All that the FHIR door and document sharing give, and all that it points at."""
    plans = await doors.search("CarePlan")
    documents = await doors.search("DocumentReference", documents=True)
    bodies = [plans.body, documents.body]
    for made in (plans, documents):
        for entry in orjson.loads(made.body).get("entry", ()):
            resource = entry["resource"]
            kind = resource["resourceType"]
            again = await doors.fetched(entry["fullUrl"], kind)
            assert orjson.loads(again.body)["id"] == resource["id"]
            bodies.append(again.body)
            addresses = [each["attachment"]["url"] for each in resource.get("content", ())]
            bodies += [(await doors.fetched(url)).body for url in addresses]
    return bodies


@pytest.mark.parametrize("who", PEOPLE)
async def test_each_sees_what_the_table_says_and_no_byte_of_the_rest(who: str) -> None:
    asking, seen = PEOPLE[who]
    doors = Doors(asking)
    try:
        bodies = await everything(doors)
    except AccessRefused:
        assert seen == set()
        return

    assert found_in(*bodies) == seen


@pytest.mark.parametrize(
    "who",
    [name for name, (one, _) in PEOPLE.items() if one.user.kind is UserKind.CITIZEN],  # type: ignore[union-attr]
)
async def test_the_pages_of_a_citizen_hold_the_same(who: str) -> None:
    asking, seen = PEOPLE[who]
    pages = await Doors(asking).pages()

    assert found_in(*(made.body for made in pages)) == seen
    for made in pages:
        told = orjson.loads(made.body)
        assert told["partial"] is bool(seen)  # of what is shown; nothing is shown, nothing is told


async def test_unknown_blocked_and_none_give_the_same_bytes() -> None:
    def nothing(asking: Asking) -> Any:
        return Doors(asking).search("CarePlan")

    asked = partial(Asking, staff(OTHER_REGION))
    answers = [
        await nothing(asked(facts=MemoryFacts(consent=NOT_GIVEN))),
        await nothing(asked(plans=[])),
        await nothing(asked(statement=Asking().statement.__class__())),
    ]
    assert len({made.body for made in answers}) == 1


async def test_what_was_shown_is_not_read_again_once_the_person_has_said_no() -> None:
    asking = Asking(staff(OTHER_REGION))
    first = Doors(asking)
    entries = orjson.loads((await first.search("CarePlan")).body)["entry"]
    asking.facts.consent = NOT_GIVEN

    for entry in entries:
        with pytest.raises(Refusal, match="search again"):
            await Doors(asking).fetched(entry["fullUrl"], entry["resource"]["resourceType"])


def test_the_person_has_a_number_that_could_be_seen() -> None:
    """Else the handles of this module would be plain ids."""
    assert len(GROWN_UP.extension) == 12
