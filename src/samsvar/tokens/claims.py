"""What an issuer says of a user, in its own names, becomes a ``User``.

Knows which claims each kind of user must have, and what a value must look like. An issuer makes
users of one kind only. Says which claim is missing or wrong, never what stands in it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from samsvar.model.identifiers import HsaId, PersonId
from samsvar.model.local_time import STOCKHOLM
from samsvar.model.person_numbers import (
    PERSONNUMMER,
    SAMORDNINGSNUMMER,
    PersonNumberInvalid,
    check,
)
from samsvar.model.user import User, UserKind
from samsvar.observe.masking import masked
from samsvar.settings import IssuerSettings
from samsvar.tokens.refused import bad_token
from samsvar.tokens.scopes import parsed

#: a country, an organisation number, a unit: never a form that a personal number can have
_HSA_ID = re.compile(r"[A-Za-z]{2}[0-9]{6,12}-[0-9A-Za-z-]{1,32}", re.ASCII)
_NUMBER = re.compile(r"((?:18|19|20)[0-9]{6})-?([0-9]{4})", re.ASCII)
_LONGEST = 256


def user_from(claims: Mapping[str, Any], issuer: IssuerSettings, until: float) -> User:
    """The user. ``claims`` are proven; ``until``: when the token ends, seconds since 1970.

    Raises:
        TokenRefused: a claim that is needed is missing, or cannot be what it should be.
    """
    said = _Said(claims)
    for name in ("sid", "jti"):
        said.text(name)
    subject = said.needed("sub")
    names = issuer.claims
    level = issuer.assurance.get(said.needed(names.assurance))
    if level is None:
        raise bad_token(
            f"the claim {names.assurance} holds a level of assurance that the settings do not know"
        )
    try:
        scopes = parsed(claims.get(names.scope))
    except ValueError as error:
        raise bad_token(f"the claim {names.scope} cannot be: {error}") from None
    kind = UserKind(issuer.kind)
    is_staff = kind is UserKind.STAFF
    if not is_staff:
        for name in (names.hsa_id, names.assignment, names.care_giver, names.care_unit):
            if name in claims:
                raise bad_token(f"the claim {name} is of staff, and this issuer is for citizens")
    title = said.text(names.title) if is_staff else None
    return User(
        kind=kind,
        subject=subject,
        issuer=issuer.issuer,
        assurance=level,
        until=datetime.fromtimestamp(until, STOCKHOLM),
        hsa_id=said.hsa_id(names.hsa_id) if is_staff else None,
        name=said.text(names.name),
        title=masked(title) if title is not None else None,
        assignment=said.hsa_id(names.assignment) if is_staff else None,
        care_giver=said.hsa_id(names.care_giver) if is_staff else None,
        care_unit=said.hsa_id(names.care_unit) if is_staff else None,
        purpose=_purpose(said.text(names.purpose), issuer.purposes) if is_staff else "OWN_ACCESS",
        person=None if is_staff else said.person(names.person),
        scopes=scopes,
    )


class _Said:
    """The claims, read one at a time."""

    def __init__(self, claims: Mapping[str, Any]) -> None:
        self._claims = claims

    def text(self, name: str) -> str | None:
        """Text of one line; None: nothing is said."""
        value = self._claims.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
            raise bad_token(f"the claim {name} must be one line of up to {_LONGEST} characters")
        return value.strip() or None

    def needed(self, name: str) -> str:
        """The same, and it must be there."""
        value = self.text(name)
        if value is None:
            raise bad_token(f"the claim {name} is missing")
        return value

    def hsa_id(self, name: str) -> HsaId:
        """An HSA-id, which must be there."""
        value = self.needed(name)
        if not _HSA_ID.fullmatch(value):
            raise bad_token(f"the claim {name} is no HSA-id")
        return HsaId(value)

    def person(self, name: str) -> PersonId:
        """A citizen's number, which must be there: 12 digits, a hyphen between or not."""
        match = _NUMBER.fullmatch(self.needed(name))
        if match is not None:
            for root in (PERSONNUMMER, SAMORDNINGSNUMMER):
                person = PersonId(root, match[1] + match[2])
                try:
                    check(person)
                except PersonNumberInvalid:
                    continue
                return person
        raise bad_token(f"the claim {name} is no personnummer or samordningsnummer of 12 digits")


def _purpose(said: str | None, known: Mapping[str, str]) -> str | None:
    if said is None:
        return None
    wanted = _folded(said)
    return next((word for text, word in known.items() if _folded(text) == wanted), None)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()
