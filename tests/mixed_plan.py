"""One plan of many owners, and the people and systems that ask for it.

Health care, two boards, a school, a PDF of it all; each part carries a word that stands nowhere
else. Only invented people and official test numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

from samsvar.access import CAUTIOUS, Policy
from samsvar.access.words import Block, Consent, Giver, Relation, Subject, Truth
from samsvar.fact_ports import (
    BlockQuestion,
    CapacityAnswer,
    ConsentAnswer,
    PopulationAnswer,
    RelationAnswer,
)
from samsvar.model.care import (
    Activity,
    Attachment,
    CarePlan,
    LegalBasis,
    PlanType,
    Professional,
    Provenance,
    Unit,
)
from samsvar.model.catalogue import CareGiver, CareGiverKind, Channel, Consumer
from samsvar.model.exchange import Answer, Call, Item
from samsvar.model.identifiers import HsaId, LogicalAddress, PersonId
from samsvar.model.user import Statement, User, UserKind
from samsvar.pipeline import run
from samsvar.simulation.people import person
from tests.care_records import at, small_plan
from tests.facts import CONSENTED, PATIENT, MemoryFacts, Trouble
from tests.world import CONSUMER, FixedCatalogue, Stage, call, envelope, stage

SOURCE = LogicalAddress("SE2321000131-SYSTEM")
REGION = HsaId("SE2321000131-VG1")
REGION_UNIT = HsaId("SE2321000131-U1")
ANOTHER_UNIT = HsaId("SE2321000131-U2")
OTHER_REGION = HsaId("SE2129999955-VG1")
BOARD = HsaId("SE2129999997-OG1")
FAMILY_BOARD = HsaId("SE2129999997-OG2")
SCHOOL = HsaId("SE2129999997-VG2")
OTHER_BOARD = HsaId("SE2129999989-OG1")

GROWN_UP = PersonId(person("193201027723").root, "193201027723")
CHILD = PersonId(person("202101012397").root, "202101012397")
GUARDIAN = PersonId(person("199001012385").root, "199001012385")

DIRECTORY = (
    CareGiver(REGION, "Region Exempel", CareGiverKind.VG),
    CareGiver(OTHER_REGION, "Region Annan", CareGiverKind.VG),
    CareGiver(BOARD, "Omsorgsnämnden", CareGiverKind.OG, municipality="1480"),
    CareGiver(FAMILY_BOARD, "Socialnämnden", CareGiverKind.OG, municipality="1480"),
    CareGiver(SCHOOL, "Elevhälsan", CareGiverKind.VG),
    CareGiver(OTHER_BOARD, "Nämnden på annan ort", CareGiverKind.OG, municipality="1280"),
)
CITIZENS = HsaId("SE2129999963-CITIZENS")
CONSUMERS = (
    Consumer(CONSUMER, social_care=True),
    Consumer(CITIZENS, Channel.CITIZEN),
)

HEADER = "Rubrikord"
HEALTH = "Sjukvårdsord"
HOME_HELP = "Hemtjänstord"
UNMARKED = "Omärktord"
FAMILY = "Familjeord"
SCHOOL_PART = "Skolord"
PRINT = "%PDF-Utskriftsord"
UNIT_OF_FAMILY = "Familjeenhetsord"
ALL = frozenset({HEADER, HEALTH, HOME_HELP, UNMARKED, FAMILY, SCHOOL_PART, PRINT, UNIT_OF_FAMILY})


def plan(subject: PersonId = GROWN_UP, **changes: object) -> CarePlan:
    """The plan."""

    def part(number: int, word: str, provenance: Provenance, unit: Unit | None = None) -> Activity:
        return Activity(f"a{number}", word, responsible_unit=unit, provenance=provenance)

    family_unit = Unit(UNIT_OF_FAMILY, hsa_id="SE2129999997-U9")
    made = small_plan(
        subject=subject,
        source_system=SOURCE,
        title=HEADER,
        type=PlanType.SIP,
        approved_for_patient=True,
        accountable=Professional(
            "Anna Andersson", care_unit=REGION_UNIT, care_giver=REGION, unit=Unit("Mottagningen")
        ),
        provenance=Provenance(LegalBasis.HSL, True, REGION, REGION_UNIT, at(2024, 3, 1)),
        participating_units=(family_unit,),
        activities=(
            part(1, HEALTH, Provenance(LegalBasis.HSL, True, REGION, REGION_UNIT)),
            part(2, HOME_HELP, Provenance(LegalBasis.SOL_ELDERLY, True, BOARD, "SE2129999997-U1")),
            part(3, UNMARKED, Provenance(LegalBasis.SOL_ELDERLY, False, BOARD, "SE2129999997-U1")),
            part(4, FAMILY, Provenance(LegalBasis.SOL_OTHER, True, FAMILY_BOARD), family_unit),
            part(5, SCHOOL_PART, Provenance(LegalBasis.SCHOOL_HEALTH, False, SCHOOL)),
        ),
        attachments=(
            Attachment(
                "p1",
                "application/pdf",
                PRINT.encode(),
                len(PRINT.encode()),
                provenance=Provenance(LegalBasis.HSL, True, REGION, REGION_UNIT),
            ),
        ),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def staff(
    care_giver: HsaId, unit: str = "SE1-U1", *, purpose: str | None = "CARE", assurance: int = 3
) -> User:
    """Somebody who works there."""
    return User(
        kind=UserKind.STAFF,
        subject="vera",
        issuer="https://idp.example",
        assurance=assurance,
        hsa_id=HsaId("SE2129999997-P1"),
        assignment="SE2129999997-M1",
        care_giver=care_giver,
        care_unit=HsaId(unit),
        purpose=purpose,
    )


def citizen(number: PersonId) -> User:
    """The person with this number."""
    return User(
        kind=UserKind.CITIZEN,
        subject="c1",
        issuer="https://eid.example",
        assurance=3,
        purpose="OWN_ACCESS",
        person=number,
    )


SAYS = Statement(relevance=True, need=True, emergency=False)
EMERGENCY = Statement(
    relevance=True,
    need=True,
    emergency=True,
    emergency_reason="medvetslös",
    indispensable=True,
    consent_unobtainable=True,
)
NOT_GIVEN = ConsentAnswer(Consent.NONE)
SERVED = RelationAnswer(Relation.CARE_RECEIVER, Truth.NO)
ONLY_FAMILY = RelationAnswer(Relation.CARE_RECEIVER, Truth.YES)


@dataclass
class Asking:
    """Who asks, and what the services say."""

    user: User | None = None
    statement: Statement = SAYS
    facts: MemoryFacts = field(default_factory=MemoryFacts)
    subject: PersonId = GROWN_UP
    consumers: tuple[Consumer, ...] = CONSUMERS
    sender: HsaId = CONSUMER
    policy: Policy = CAUTIOUS
    plans: Sequence[CarePlan] | None = None
    door: str | None = None
    actor: tuple[str, str] | None = None
    """The header ``Actor``: number and type."""

    def stage(self) -> Stage:
        """A world with one source, which has the plan."""
        plans = [plan(self.subject)] if self.plans is None else self.plans
        items = [Item(b"", one.subject, one.source_system, record=one) for one in plans]
        made = stage({SOURCE: items}, rules=lambda rules: replace(rules, policy=self.policy))
        catalogue = made.world.catalogue.current()
        permissions = tuple(
            replace(row, consumer=who)
            for row in catalogue.permissions
            for who in (CONSUMER, CITIZENS)
        )
        directory = replace(
            catalogue,
            permissions=permissions,
            care_givers=DIRECTORY,
            consumers=self.consumers,
        )
        world = replace(made.world, catalogue=FixedCatalogue(directory), facts=self.facts.sources())
        return replace(made, world=world)

    def call(self) -> Call:
        """The question."""
        message = envelope(person=self.subject.extension, root=self.subject.root)
        if self.actor is not None:
            number, kind = self.actor
            block = (
                '<h:Actor xmlns:h="urn:riv:interoperability:headers:1">'
                f"<h:actorId>{number}</h:actorId><h:actorType>{kind}</h:actorType></h:Actor>"
            )
            message = message.replace(b"</e:Header>", block.encode() + b"</e:Header>")
        made = call(message, sender=self.sender)
        door = self.door or ("soap" if self.user is None else "fhir")
        return replace(made, user=self.user, statement=self.statement, door=door)

    async def answer(self) -> tuple[Answer, Stage]:
        """What comes back, and what was kept of it."""
        made = self.stage()
        return await run(self.call(), made.world), made


def words(answer: Answer) -> frozenset[str]:
    """Which of the plan's words can be found anywhere in the answer."""
    told = "".join(item.decode() for item in answer.items)
    told += "".join(str(asdict(item.record)) for item in answer.records if item.record)
    import base64
    import re

    for value in re.findall(r"<[^>]*value>([A-Za-z0-9+/=]+)<", told):
        told += base64.b64decode(value).decode("utf-8", "replace")
    return frozenset(word for word in ALL if word in told)


__all__ = [
    "ALL",
    "BOARD",
    "CHILD",
    "CONSENTED",
    "PATIENT",
    "Asking",
    "Block",
    "BlockQuestion",
    "CapacityAnswer",
    "Giver",
    "PopulationAnswer",
    "Subject",
    "Trouble",
    "words",
]
