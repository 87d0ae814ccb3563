"""Facts: everything that a decision on one element may look at, and nothing else.

Knows each fact's meaning. Left out, a fact is unknown. Knows no rule, and not where facts come
from: whoever gathers them asks the block and consent services anew for each question.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from samsvar.access.words import (
    Action,
    ActorKind,
    AuthLevel,
    Block,
    Consent,
    DocumentState,
    Giver,
    OwnerKind,
    Purpose,
    Relation,
    Subject,
    Truth,
)
from samsvar.model.care import LegalBasis
from samsvar.model.identifiers import folded

#: which owners an actor can be of the same provider as
_KIND_OF_PROVIDER = {ActorKind.VG_STAFF: OwnerKind.VG, ActorKind.OG_STAFF: OwnerKind.OG}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One actor, one errand, one person, one element."""

    # the actor
    actor_kind: ActorKind = ActorKind.UNKNOWN
    actor_provider: str | None = None
    """Identifier of the vårdgivare or omsorgsgivare that the actor works for."""
    actor_unit: str | None = None
    auth_level: AuthLevel = AuthLevel.UNKNOWN
    session_valid: Truth = Truth.UNKNOWN
    """The session is valid, and so is the certificate of the connection."""
    assignment: Truth = Truth.UNKNOWN
    """A valid assignment (medarbetaruppdrag) with authority for the need."""
    actor_connected: Truth = Truth.UNKNOWN
    """The actor's provider takes part, and has not opted out."""
    need: Truth = Truth.UNKNOWN
    """Takes part in the care of the person, or needs the data for the work there."""
    is_subject: Truth = Truth.UNKNOWN
    """The actor is the person it is about."""
    guardian_verified: Truth = Truth.UNKNOWN
    """The population register says so, asked for this question."""
    mandate: Truth = Truth.UNKNOWN
    """An adult agent (ombud) has a valid mandate for this."""

    # the errand
    action: Action = Action.UNKNOWN
    purpose: Purpose = Purpose.UNKNOWN
    relation: Relation = Relation.UNKNOWN
    only_other_services: Truth = Truth.UNKNOWN
    """The only services that the actor's provider gives are outside the law (IFO)."""
    relevance: Truth = Truth.UNKNOWN
    """It is stated that the data can be assumed to matter for the purpose."""
    necessary: Truth = Truth.UNKNOWN
    """The care, service or investigation is necessary (subject who cannot consent)."""
    emergency: Truth = Truth.UNKNOWN
    """Danger to life or serious risk for health, with its reason stated."""
    indispensable: Truth = Truth.UNKNOWN
    """The data can be assumed needed for care that the person must have."""
    reserve_number: Truth = Truth.UNKNOWN
    """The person's number is a reserve number (reservnummer)."""
    single_source: Truth = Truth.UNKNOWN
    """The question is addressed to one source."""

    # the person
    subject: Subject = Subject.UNKNOWN
    age: int | None = None
    attitude_clarified: Truth = Truth.UNKNOWN
    """As far as can be, and there is no reason to think that the person would be opposed."""
    consent: Consent = Consent.UNKNOWN
    consent_given_by: Giver = Giver.UNKNOWN
    protected_identity: Truth = Truth.UNKNOWN
    unit_exception: Truth = Truth.UNKNOWN
    """The head of the unit has decided otherwise for this young person."""

    # the element
    owner_kind: OwnerKind = OwnerKind.UNKNOWN
    owner_provider: str | None = None
    owner_unit: str | None = None
    owner_connected: Truth = Truth.UNKNOWN
    """The owner takes part, and has not opted out."""
    same_municipality: Truth = Truth.UNKNOWN
    """The actor's and the owner's boards (nämnder) are of one municipality."""
    legal_basis: LegalBasis = LegalBasis.UNKNOWN
    marked_for_sharing: Truth = Truth.UNKNOWN
    exception_mark: Truth = Truth.UNKNOWN
    """The owner has marked this single SOL_OTHER element as an exception."""
    releasable_to_person: Truth = Truth.UNKNOWN
    """The owner has marked it as releasable to the person."""
    approved_for_patient: Truth = Truth.UNKNOWN
    document_state: DocumentState = DocumentState.UNKNOWN
    only_for_incapable: Truth = Truth.UNKNOWN
    """Made available only since the person could not take a stand (2:6)."""
    third_party_sensitive: Truth = Truth.UNKNOWN
    block: Block = Block.UNKNOWN
    blocks_answered: Truth = Truth.UNKNOWN
    """The block service answered this question, and is not stale."""
    consents_answered: Truth = Truth.UNKNOWN
    """The consent service answered this question, and is not stale."""

    # what follows from them
    same_provider: Truth = field(init=False, repr=False, compare=False)
    """NO also where one company is both kinds: across the kinds it is another giver."""
    own_unit: Truth = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        provider = _same(self.actor_provider, self.owner_provider)
        own_kind = _KIND_OF_PROVIDER.get(self.actor_kind)
        if provider is Truth.YES and own_kind is not None and self.owner_kind is not own_kind:
            unknown = self.owner_kind is OwnerKind.UNKNOWN
            provider = Truth.UNKNOWN if unknown else Truth.NO
        unit = _same(self.actor_unit, self.owner_unit)
        object.__setattr__(self, "same_provider", provider)
        object.__setattr__(self, "own_unit", unit if provider is Truth.YES else provider)


def _same(one: str | None, other: str | None) -> Truth:
    if not one or not other:
        return Truth.UNKNOWN
    return Truth.YES if folded(one) == folded(other) else Truth.NO
