"""Words of the console that many pages use, each in Swedish and English, with a mark of its own.

A mark is never a colour alone: a sign and a word stand beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from samsvar.model.catalogue import ProducerKind
from samsvar.model.reason_words import told
from samsvar.model.result import Result
from samsvar.model.words import Words
from samsvar.onboarding.roles import Role


@dataclass(frozen=True, slots=True)
class Mark:
    """How something is shown."""

    kind: str
    """The class that gives its colour."""
    sign: str
    swedish: str
    english: str


RESULTS: Mapping[Result, Mark] = {
    Result.FULL: Mark("full", "✓", "helt", "in full"),
    Result.PART: Mark("part", "◐", "delvis", "in part"),
    Result.FAILED: Mark("failed", "✕", "misslyckad", "failed"),
    Result.DENIED: Mark("denied", "⊘", "nekad", "denied"),
}

STATES: Mapping[str, Mark] = {
    "active": Mark("full", "✓", "svarar", "answers"),
    "trouble": Mark("part", "◐", "har problem", "in trouble"),
    "failing": Mark("failed", "✕", "svarar inte", "does not answer"),
    "breaker": Mark("failed", "⏻", "bruten", "breaker open"),
    "maintenance": Mark("denied", "⏸", "ur drift", "out of service"),
    "quiet": Mark("quiet", "○", "inga frågor", "no questions"),
    "draft": Mark("quiet", "✎", "inte publicerad", "not published"),
}

ROLES: Mapping[Role, tuple[str, str]] = {
    Role.OBSERVER: ("betraktare", "observer"),
    Role.OPERATOR: ("operatör", "operator"),
    Role.REGISTRAR: ("registeransvarig", "registrar"),
    Role.SECURITY_OFFICER: ("säkerhetsansvarig", "security officer"),
    Role.AUDITOR: ("granskare", "auditor"),
    Role.PRODUCER: ("producent", "producer"),
}

#: what has happened to a producer, as its history keeps it -> how it is told
HAPPENED: Mapping[str, Words] = {
    "registered": Words("registrerad", "registered"),
    "changed": Words("ändrad", "changed"),
    "certificate taken": Words("certifikat mottaget", "certificate taken"),
    "tested": Words("prövad i provbänken", "tested"),
    "asked": Words("publicering begärd", "publication asked for"),
    "published": Words("publicerad", "published"),
    "rejected": Words("avslagen", "rejected"),
    "disabled": Words("tagen ur drift", "put out of service"),
    "enabled": Words("tagen i drift igen", "put back in service"),
}


def happened(what: str) -> Words:
    """What has happened to a producer; what is not known, as it is kept."""
    return HAPPENED.get(what, Words(what, what))


def calm(reason: str) -> Words:
    """Why a candidate ended as it did, without the capitals of a text: a sign stands beside it."""
    return Words(*map(_lowered, told(reason)))


def _lowered(text: str) -> str:
    first, colon, rest = text.partition(":")
    return f"{first.lower()}{colon}{rest}"


KINDS: Mapping[ProducerKind, Words] = {
    ProducerKind.SOAP: Words("talar kontraktet (SOAP)", "speaks the contract (SOAP)"),
    ProducerKind.ADAPTER: Words("bakom en adapter", "behind an adapter"),
    ProducerKind.WORKER: Words("genom en arbetare", "by a worker"),
}

#: table of a registry file -> what its rows are called
_ROWS: Mapping[str, Words] = {
    "contract": Words("kontrakt", "contract"),
    "producer": Words("producent", "producer"),
    "address": Words("adress", "address"),
    "route": Words("vägval", "route"),
    "permission": Words("behörighet", "permission"),
    "care_giver": Words("vårdgivare", "care giver"),
    "consumer": Words("konsument", "consumer"),
    "hsa": Words("enhet", "unit"),
}


def row_name(table: str) -> Words:
    """What a row of the registry is called; one that has no words, by its table's name."""
    return _ROWS.get(table, Words(table, table))


def role(name: str) -> Words:
    """A role, as a history keeps it."""
    return Words(*ROLES[Role(name)]) if name in set(Role) else Words(name, name)


#: how the preview tells where a question would go: its first words -> in Swedish
_STANDINGS = {"asked": "tillfrågas", "no route": "vägval saknas", "not permitted": "får inte"}


def standing(text: str) -> tuple[str, str]:
    """What a catalogue says of a source (``pipeline.preview``), in both languages."""
    for english, swedish in _STANDINGS.items():
        if text.startswith(english):
            rest = text[len(english) :].replace(" by ", " via ", 1)
            return swedish + rest.replace(", as changed", ", som ändrad"), text
    return text, text


#: code -> what has been done, told on the page that one comes to
DONE: Mapping[str, tuple[str, str]] = {
    "disabled": ("Producenten är tagen ur drift.", "The producer is out of service."),
    "enabled": ("Producenten är i drift igen.", "The producer is in service again."),
    "breaker": ("Brytaren är ändrad.", "The breaker has been set."),
    "drafted": ("Utkastet är sparat.", "The draft has been kept."),
    "moved": (
        "Utkastet utgår nu från den version som gäller. Se på skillnaden innan du publicerar.",
        "The draft begins from the version in force now. See the difference before you publish.",
    ),
    "dropped": ("Utkastet är borttaget.", "The draft has been thrown away."),
    "published": ("Registret är publicerat och gäller nu.", "The registry is in force now."),
    "rolled-back": (
        "Den gamla versionens innehåll gäller nu, som en ny version.",
        "The old version's content is in force now, as a new version.",
    ),
    "retried": ("Breven skickas på nytt.", "The letters are sent again."),
    "forgotten": ("Breven är borttagna.", "The letters have been dropped."),
    "verified": (
        "Granskningen har börjat. Ladda om sidan om en stund.",
        "The verification has begun. Load the page again in a while.",
    ),
    "logged-out": ("Du är utloggad.", "You are logged out."),
}
