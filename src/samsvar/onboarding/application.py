"""A producer as somebody has applied for it: the form, how far it has come, what has happened.

Knows the words of the form and its life: draft, asked, published or rejected; a change makes it
a draft again, so that what is published is what was looked at. Knows no registry and no storage.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from samsvar.model.care import LegalBasis
from samsvar.model.catalogue import CareGiverKind, Contact, OrganisationKind, ProducerKind
from samsvar.model.identifiers import ContractUrn

LONGEST_ID = 30
"""So that ``producer-<id>`` can be the name of a draft of the registry."""

MOST_EVENTS = 200
_ID = re.compile(r"[a-z0-9][a-z0-9-]*", re.ASCII)


class State(StrEnum):
    """How far an application has come."""

    DRAFT = "draft"
    ASKED = "asked"
    PUBLISHED = "published"
    REJECTED = "rejected"


#: how far it has come, in Swedish
STATE_WORDS: Mapping[State, str] = {
    State.DRAFT: "ett utkast",
    State.ASKED: "inskickad",
    State.PUBLISHED: "publicerad",
    State.REJECTED: "avslagen",
}


@dataclass(frozen=True, slots=True)
class Form:
    """What the applicant says of the system."""

    name: str
    hsa_id: str
    """Of the system: its logical address, and serialNumber of its certificate."""
    owner: str
    """Who is responsible for the information."""
    organisation: OrganisationKind
    contact: Contact
    data_controller: str
    url: str
    kind: ProducerKind
    contracts: tuple[ContractUrn, ...]
    adapter: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    timeout: float | None = None
    care_giver_kind: CareGiverKind | None = None
    """Of the owner, where its organisation does not tell: a private giver can be either."""
    legal_basis: LegalBasis | None = None
    """What its records are written under, and marked for sharing by this, where they cannot say."""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a checked certificate says."""

    subject: str
    issuer: str
    hsa_id: str
    valid_from: datetime
    valid_to: datetime
    usages: tuple[str, ...]
    fingerprint: str
    """SHA-256 of the certificate."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that was done with the application."""

    at: datetime
    who: str
    role: str
    what: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """One application. Each change is a new one, with the next revision."""

    id: str
    form: Form
    state: State
    registered_by: str
    revision: int = 1
    certificate: CertificateFacts | None = None
    certificate_pem: str = field(default="", repr=False)
    history: tuple[Happening, ...] = ()

    def then(self, happening: Happening, **changes: object) -> Application:
        """The application after something was done with it. The oldest of much history goes."""
        return replace(
            self,
            revision=self.revision + 1,
            history=(*self.history, happening)[-MOST_EVENTS:],
            **changes,  # type: ignore[arg-type] # its own fields, given by name
        )

    def last(self, *kinds: str) -> Happening | None:
        """The latest happening of these kinds."""
        return next((one for one in reversed(self.history) if one.what in kinds), None)

    @property
    def was_published(self) -> bool:
        """Whether the registry has rows that came of it."""
        return self.last("published") is not None


def id_from(name: str, taken: Collection[str]) -> str:
    """An id made of a name: its letters without marks, a number after it if it is taken."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_ID].strip("-") or "producer"
    if base not in taken:
        return base
    number = 2
    while (found := f"{base[: LONGEST_ID - 5]}-{number}") in taken:
        number += 1
    return found


def is_id(text: str) -> bool:
    """Whether an application can have that id."""
    return len(text) <= LONGEST_ID and _ID.fullmatch(text) is not None
