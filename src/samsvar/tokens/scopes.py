"""Scopes in the manner of SMART on FHIR: what a client may do for a user.

Both notations: version 2 (``user/CarePlan.rs``) and version 1 (``user/CarePlan.read``). A scope
with conditions of its own (``?category=...``) grants nothing, since nobody here would hold its
client to them. A scope never widens what the access rules allow: it is looked at before them.
"""

from __future__ import annotations

import re
from collections.abc import Set
from enum import StrEnum

from samsvar.model.user import User, UserKind
from samsvar.tokens.refused import missing_scope

MOST_SCOPES = 100
MOST_SCOPE_LENGTH = 256
#: RFC 6749: a scope is printable ASCII without blank, quotation mark and backslash
_SCOPE = re.compile(r"[!#-\[\]-~]{1,256}", re.ASCII)
_SMART = re.compile(
    r"(?P<level>patient|user|system)/(?P<resource>\*|[A-Z][A-Za-z]{1,63})"
    r"\.(?P<may>read|write|\*|c?r?u?d?s?)",
    re.ASCII,
)
#: what is kept of them: a scope that somebody has put a number into is not ours, and must not
#: come to be printed with a user
_KEPT = re.compile(r"[A-Za-z][A-Za-z_/.*-]*", re.ASCII)
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
#: staff act for many persons; citizens for the one person that they may read about
_LEVELS = {UserKind.STAFF: "user", UserKind.CITIZEN: "patient"}


class Interaction(StrEnum):
    """What is done with a resource, in the letters of version 2."""

    CREATE = "c"
    READ = "r"
    UPDATE = "u"
    DELETE = "d"
    SEARCH = "s"


def parsed(claim: object) -> frozenset[str]:
    """The scopes in a claim: text with blanks between, or a list. Only those are kept that are
    made of letters and marks: any other grants nothing here.

    Raises:
        ValueError: it is neither, or too many.
    """
    if claim is None:
        return frozenset()
    told = claim.split(" ") if isinstance(claim, str) else claim
    if not isinstance(told, list):
        raise ValueError("it is neither text nor a list")  # noqa: TRY004 - outside input
    if len(told) > MOST_SCOPES:
        raise ValueError(f"it has over {MOST_SCOPES} scopes")
    if not all(isinstance(each, str) and (not each or _SCOPE.fullmatch(each)) for each in told):
        raise ValueError(f"a scope is 1 to {MOST_SCOPE_LENGTH} printable characters of ASCII")
    return frozenset(each for each in told if _KEPT.fullmatch(each))


def allows(scopes: Set[str], kind: UserKind, resource: str, interaction: Interaction) -> bool:
    """Whether one of the scopes lets a user of this kind do this with this type of resource."""
    for scope in scopes:
        match = _SMART.fullmatch(scope)
        if (
            match is not None
            and match["level"] == _LEVELS[kind]
            and match["resource"] in ("*", resource)
            and interaction in _VERSION_1.get(match["may"], match["may"])
        ):
            return True
    return False


def refuse_without_scope(user: User, resource: str, interaction: Interaction) -> None:
    """What a door asks before it does anything for a user.

    Raises:
        TokenRefused: 403, with a scope that would do.
    """
    if not allows(user.scopes, user.kind, resource, interaction):
        raise missing_scope(f"{_LEVELS[user.kind]}/{resource}.{interaction}")
