"""The actor: on whose behalf the question is put, as the access rules see it.

Three kinds come in. A system under agreement applies the rules for its staff itself, and is held
to the gates. A consumer for citizens says in the header ``Actor`` which citizen it asks for. A
person who has logged in at the hub's own interface has a token. Knows the catalogue's agreements
and what each has proven or stated; knows no element of an answer, and no store.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from samsvar.access import BY_ID, DEFAULT, Facts, Policy, Verdict, decide, gate
from samsvar.access.words import (
    Action,
    ActorKind,
    AuthLevel,
    Block,
    Consent,
    DocumentState,
    OwnerKind,
    Purpose,
    Subject,
    Truth,
)
from samsvar.errors import AccessRefused
from samsvar.fact_ports import Accessing
from samsvar.model.care import LegalBasis
from samsvar.model.catalogue import CareGiverKind, Channel
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.exchange import Call, Question, Sender
from samsvar.model.identifiers import HsaId, PersonId
from samsvar.model.local_time import STOCKHOLM
from samsvar.model.person_numbers import age_at, is_reserve, told_by_form
from samsvar.model.user import Capacity, Statement, User, UserKind
from samsvar.pipeline.authorise import Errand
from samsvar.pipeline.owners import truth
from samsvar.soap.request import CitizenActor

_STAFF = MappingProxyType(
    {CareGiverKind.VG: ActorKind.VG_STAFF, CareGiverKind.OG: ActorKind.OG_STAFF}
)
_OWN_SIDE = MappingProxyType(
    {
        Capacity.SELF: ActorKind.CITIZEN,
        Capacity.GUARDIAN: ActorKind.GUARDIAN,
        Capacity.AGENT: ActorKind.AGENT,
    }
)
_NOTHING_ALLOWS = f"no access rule lets this actor see anything ({DEFAULT})"
_STRONG = 3  # level of assurance (tillitsnivå) of strong authentication


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, as facts: all that is known before anything is gathered."""

    facts: Facts
    gates_only: bool
    """A system under agreement: the rules behind the gates are applied by itself."""
    social_care: bool
    """May be given information of social care at all."""
    accessing: Accessing | None = None
    """For staff: who wants to see."""
    guardian: PersonId | None = None
    """Who says to be the person's guardian."""
    user: User | None = None
    statement: Statement | None = None


def actor_of(
    sender: Sender, call: Call, question: Question, errand: Errand, catalogue: Catalogue
) -> Actor:
    """On whose behalf the question is put."""
    now = call.received_at
    number = question.subject
    common = Facts(
        action=Action.READ,
        age=age_at(number, now.astimezone(STOCKHOLM).date()),
        reserve_number=truth(is_reserve(number.root)),
        single_source=truth(not errand.aggregated or question.source_filter is not None),
    )
    consumer = catalogue.consumer(sender.hsa_id)
    if call.user is not None:
        statement = call.statement or Statement()
        return _of_user(call.user, statement, common, number, catalogue, now)
    if consumer.channel is Channel.CITIZEN:
        citizen = getattr(call.message, "citizen", None)
        user, statement = _named(citizen, sender.hsa_id, number)
        return _of_user(user, statement, common, number, catalogue, now)
    facts = replace(
        common,
        actor_kind=ActorKind.SYSTEM,
        actor_provider=sender.hsa_id,
        auth_level=AuthLevel.STRONG,
        session_valid=Truth.YES,
        actor_connected=Truth.YES,
    )
    return Actor(facts, gates_only=True, social_care=consumer.social_care)


def refuse_whole(actor: Actor, policy: Policy) -> None:
    """Stop a question that no element could be shown for: then no source is asked.

    Raises:
        AccessRefused: with the rule that stops even the most open element there could be.
    """
    open_element = replace(
        actor.facts,
        owner_kind=OwnerKind.VG,
        owner_provider="-",
        owner_connected=Truth.YES,
        legal_basis=LegalBasis.HSL,
        marked_for_sharing=Truth.YES,
        approved_for_patient=Truth.YES,
        document_state=DocumentState.FINAL,
        only_for_incapable=Truth.NO,
        third_party_sensitive=Truth.NO,
        block=Block.NONE,
        blocks_answered=Truth.YES,
        consents_answered=Truth.YES,
        consent=Consent.VALID,
        subject=Subject.ADULT,
        guardian_verified=Truth.YES,
    )
    stopped = gate(open_element, policy)
    if stopped is None and actor.facts.actor_kind in _OWN_SIDE.values():
        decision = decide(open_element, policy)
        stopped = None if decision.verdict is Verdict.ALLOW else decision
    if stopped is not None:
        rule = BY_ID.get(stopped.rule_id)
        raise AccessRefused(stopped.rule_id, rule.says if rule else _NOTHING_ALLOWS)


def _of_user(
    user: User | None,
    statement: Statement,
    common: Facts,
    subject: PersonId,
    catalogue: Catalogue,
    now: datetime,
) -> Actor:
    if user is None:
        return Actor(common, gates_only=False, social_care=True)
    facts = replace(
        common,
        auth_level=AuthLevel.STRONG if user.assurance >= _STRONG else AuthLevel.WEAK,
        session_valid=truth(user.until is None or user.until > now),
        purpose=Purpose(user.purpose) if user.purpose else Purpose.UNKNOWN,
    )
    if user.kind is UserKind.CITIZEN:
        return _citizen(user, statement, facts, subject)
    giver = catalogue.care_giver(user.care_giver) if user.care_giver else None
    facts = replace(
        facts,
        actor_kind=_STAFF[giver.kind] if giver else ActorKind.UNKNOWN,
        actor_provider=user.care_giver,
        actor_unit=user.care_unit,
        assignment=truth(bool(user.assignment)),
        actor_connected=truth(giver is not None and giver.connected),
        need=truth(statement.need),
        relevance=truth(statement.relevance),
        necessary=truth(statement.necessary),
        emergency=truth(bool(statement.emergency and statement.emergency_reason)),
        indispensable=truth(statement.indispensable),
    )
    accessing = Accessing(giver.id, user.care_unit, user.hsa_id) if giver is not None else None
    return Actor(
        facts,
        gates_only=False,
        social_care=True,
        accessing=accessing,
        user=user,
        statement=statement,
    )


def _citizen(user: User, statement: Statement, facts: Facts, subject: PersonId) -> Actor:
    kind = _OWN_SIDE[statement.capacity]
    oneself = user.person is not None and user.person == subject
    if oneself:
        kind = ActorKind.CITIZEN  # one is nobody's guardian in one's own matters
    guardian = user.person if kind is ActorKind.GUARDIAN else None
    facts = replace(
        facts,
        actor_kind=kind,
        purpose=Purpose.OWN_ACCESS,
        is_subject=truth(oneself),
        guardian_verified=Truth.UNKNOWN,
        mandate=Truth.UNKNOWN,
    )
    return Actor(
        facts,
        gates_only=False,
        social_care=True,
        guardian=guardian,
        user=user,
        statement=statement,
    )


def _named(
    citizen: CitizenActor | None, consumer: HsaId, subject: PersonId
) -> tuple[User | None, Statement]:
    """The citizen that a consumer names. Missing, odd or at odds with the question: nobody."""
    if citizen is None or citizen.number is None or citizen.for_oneself is None:
        return None, Statement()
    person = told_by_form(citizen.number)
    if person is None or (person == subject) is not citizen.for_oneself:
        return None, Statement()
    user = User(
        kind=UserKind.CITIZEN,
        subject=person.extension,
        issuer=consumer,
        assurance=_STRONG,  # by agreement: the consumer has logged the citizen in
        person=person,
    )
    capacity = Capacity.SELF if citizen.for_oneself else Capacity.GUARDIAN
    return user, Statement(capacity=capacity)
