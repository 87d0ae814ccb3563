"""A hub with a million questions behind it, for measuring its console: made once, used again.

The questions go through the access log's own writer (hashed, sealed, in the tree) and the digest's
own; the rest (versions of the registry, what waits for a subscriber) through what keeps it in
life, or as it keeps it. Fictive throughout.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from bench.messages import CONSUMER, HUB, SMALL, THROUGHPUT, UPDATE_PATH, update
from samsvar.clock import SystemClock
from samsvar.model.exchange import Decision, QuestionRecord, Reason, Verdict
from samsvar.model.identifiers import ContractUrn, CorrelationId, HsaId, LogicalAddress, PersonId
from samsvar.onboarding.roles import Role
from samsvar.packaged import Packaged, catalogue_of
from samsvar.settings import Settings, load
from samsvar.simulation.people import PEOPLE, Fictive
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.database import Database, open_database
from samsvar.store.digest import Digest
from samsvar.store.secrets import open_vault
from samsvar.store.tables import OUTBOX, QUESTION
from samsvar.store.users import SqlUsers

PLANS = ContractUrn("urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2")
SOURCES = tuple(LogicalAddress(f"SE2321{number:06d}-SRC{number}") for number in range(60))
SENDERS = tuple(HsaId(f"SE2129999{number:03d}-NPO{number}") for number in range(40))
SHAKY = SOURCES[7]
PERSON = PEOPLE[5]
"""About whom one question in a thousand is; all others are about somebody else."""
_OTHERS = tuple(each for each in PEOPLE if each is not PERSON)
SUBSCRIBER, DEAD_LETTERS = "SE1-SUB", 2000
VERSIONS = 60
APART = timedelta(seconds=0.2)
_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class Hub:
    """A folder with all that ``samsvar serve`` needs, and who may look."""

    settings_file: Path
    questions: int
    tokens: Mapping[Role, str]


def make(folder: Path, questions: int, ports: Sequence[int], database_url: str | None) -> Hub:
    """Make what is missing. ``ports``: where the producers that are really asked listen.

    A folder that was made before is used again, with as many questions as it has.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "settings.toml"
    url = f'database = "{database_url}"\n' if database_url else ""
    file.write_text(_SETTINGS.replace("{url}", url), encoding="utf-8")
    settings = load(file, {})
    packaged = Packaged.load(settings.hub.data)
    database = open_database(settings.hub.data, settings.hub.database)
    try:
        _publish(database, packaged, settings, ports)
        count = asyncio.run(_fill(database, questions))
        _digest(database, count)
        _dead_letters(database)
        users = SqlUsers(database, SystemClock())
        tokens = {
            role: users.new_token("bench", role, (), 1, "bench")[0]
            for role in (Role.OPERATOR, Role.REGISTRAR, Role.AUDITOR)
        }
    finally:
        database.close()
    return Hub(file, count, tokens)


async def _fill(database: Database, wanted: int) -> int:
    """Append through the writer, as many at once as a busy hub would; how many there are."""
    with database.read() as connection:
        there = int(connection.scalar(sa.select(sa.func.max(QUESTION.c.sequence))) or 0)
    if there >= wanted:
        return wanted  # what came on top is of earlier runs
    log = SqlAccessLog(database, open_vault(database), patience=60.0)
    begun = time.perf_counter()
    try:
        records = _records(there, wanted)
        while some := [record for _, record in zip(range(_AT_ONCE), records, strict=False)]:
            await asyncio.gather(*map(log.append, some))
    finally:
        await log.close()
    spent = time.perf_counter() - begun
    print(f"{wanted - there} questions appended by the access log's writer in {spent:.0f} s")
    return wanted


def _digest(database: Database, count: int) -> None:
    digest, begun, read = Digest(database), time.perf_counter(), 0
    while some := digest.step():
        read += some
    if read:
        each = (time.perf_counter() - begun) / read * 1000
        print(f"{read} of {count} questions digested, {each:.3f} ms each")


def _records(begin: int, end: int) -> Iterator[QuestionRecord]:
    """A question each fifth of a second until now; four sources, one of them shaky."""
    chance, now = random.Random(begin), datetime.now(UTC)
    for number in range(begin + 1, end + 1):
        person = PERSON if number % 1000 == 0 else chance.choice(_OTHERS)
        at = now - (end - number) * APART
        yield _record(chance, CorrelationId(f"c-{number}"), at, person)


def now_of(run: str, number: int) -> QuestionRecord:
    """One that was put just now."""
    chance = random.Random(number)
    name = CorrelationId(f"{run}-{number}")
    return _record(chance, name, datetime.now(UTC), chance.choice(_OTHERS))


def _record(
    chance: random.Random, name: CorrelationId, at: datetime, person: Fictive
) -> QuestionRecord:
    refused = chance.random() < 0.01
    told = () if refused else tuple(_decision(chance, each) for each in chance.sample(SOURCES, 4))
    return QuestionRecord(
        correlation_id=name,
        at=at,
        sender=chance.choice(SENDERS),
        original_consumer=None,
        contract=PLANS,
        logical_address=LogicalAddress(HUB),
        subject=PersonId(person.root, person.number),
        verdict=Verdict.REFUSED if refused else Verdict.ANSWERED,
        fault="VP007" if refused else None,
        fault_detail="",
        catalogue_version=VERSIONS,
        elapsed=max((each.elapsed or 0.0 for each in told), default=0.002) + 0.005,
        decisions=told,
        peer="192.0.2.1",
    )


def _decision(chance: random.Random, source: LogicalAddress) -> Decision:
    late = chance.random() < (0.3 if source == SHAKY else 0.01)
    well = Reason.ANSWERED if chance.random() < 0.5 else Reason.ANSWERED_EMPTY
    return Decision(
        source,
        Reason.LATE if late else well,
        items=0 if late or well is Reason.ANSWERED_EMPTY else 1,
        elapsed=chance.uniform(1, 10) if late else chance.uniform(0.02, 0.6),
        producer=source.rpartition("-")[2].lower(),
        route_trace=source,
        permission_trace=source,
        begun=0.005,
    )


def _dead_letters(database: Database) -> None:
    """What was given up for a subscriber, as the outbox keeps it."""
    row = {
        "subscriber": SUBSCRIBER,
        "dead": True,
        "key": b"k",
        "resident_sealed": b"s",
        "post": '{"delete": false, "service_domain": "riv:x", "categorization": "cll-cp",'
        f' "source_system": "{SOURCES[0]}", "owner": "{HUB}"}}',
        "correlation_id": "c",
        "history": "",
        "written": "2026-11-27T08:00:00+00:00",
        "refusals": 7,
        "not_before": "",
        "reason": "unreachable",
    }
    with database.write() as connection, connection.begin():
        there = connection.scalar(sa.select(sa.func.count()).select_from(OUTBOX)) or 0
        if there < DEAD_LETTERS:
            connection.execute(sa.insert(OUTBOX), [row] * (DEAD_LETTERS - int(there)))


def _publish(
    database: Database, packaged: Packaged, settings: Settings, ports: Sequence[int]
) -> None:
    catalogue = catalogue_of(database, packaged, settings)
    there = catalogue.newest()
    for number in range(there, max(VERSIONS, there + 1)):
        registry = packaged.registry(_registry(ports, number), settings)
        catalogue.publish(registry, "bench", f"version {number + 1}", force=True)


_CONTRACTS = "\n".join(
    f'[[contract]]\nurn = "{urn}"\ntitle = "{title}"\n'
    for urn, title in (
        (PLANS, "GetCarePlans 2"),
        ("urn:riv:itintegration:engagementindex:UpdateResponder:1", "Update 1"),
    )
)


def _registry(ports: Sequence[int], number: int) -> str:
    asked = [
        (address, f"http://127.0.0.1:{port}/")
        for address, port in zip(SMALL.addresses, ports, strict=True)
    ]
    resting = [(str(address), "http://127.0.0.1:9/") for address in SOURCES]
    tables = [_CONTRACTS]
    for address, where in (*asked, *resting):
        tables.append(
            f'[[producer]]\nid = "{address.rpartition("-")[2].lower()}"\n'
            f'title = "Källa {address.rpartition("-")[2]}"\nkind = "soap"\naddress = "{where}"\n'
            f'owner = "SE1"\n[[route]]\ncontract = ["GetCarePlans 2"]\n'
            f'logical_address = "{address}"\nproducer = "{address.rpartition("-")[2].lower()}"\n'
            f'[[permission]]\nconsumer = "{address}"\ncontract = ["Update 1"]\n'
            f'logical_address = "{HUB}"\n'
        )
    tables += [
        f'[[permission]]\nconsumer = "{sender}"\ncontract = ["GetCarePlans 2"]\n'
        'logical_address = "*"\n'
        for sender in (CONSUMER, *SENDERS)
    ]
    tables.append(
        f'[[address]]\nlogical_address = "{HUB}"\ndescription = "Navet, version {number + 1}"\n'
    )
    return "\n".join(tables)


_SETTINGS = f"""[hub]
instance_id = "SAMSVAR-BENCH"
addresses = ["{HUB}"]
data = "data"
{{url}}
[[listen]]
kind = "plain"
trusted = true
admin = true

[index]
address = "{HUB}"
"""

ASKED = THROUGHPUT[1]
"""What is really asked while somebody follows: three sources that answer at once."""


def index_updates() -> Iterator[tuple[str, str, bytes]]:
    """Path, sender and body of what tells the index of the asked person's sources."""
    for address in ASKED.addresses:
        yield UPDATE_PATH, address, update(ASKED.person, address)
