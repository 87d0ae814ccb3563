"""The fictive people who log in: staff of the demo's care givers, and citizens. Nobody is real.

Knows what their identity provider says of them, in Sambi's names. Knows no token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from samsvar.model.user import UserKind
from samsvar.simulation.people import person

LOA2 = "http://id.sambi.se/loa/loa2"
LOA3 = "http://id.sambi.se/loa/loa3"
CITIZEN_LOA2 = "http://id.elegnamnden.se/loa/1.0/loa2"
CITIZEN_LOA3 = "http://id.elegnamnden.se/loa/1.0/loa3"
CARE = "Vård och behandling"
_REGION = "SE2129999997"
_MUNICIPALITY = "SE2129999989"
_ALL_OF_IT = "openid user/*.rs"


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody who can log in. ``alias`` is what one calls them at a command line."""

    alias: str
    kind: UserKind
    about: str
    claims: Mapping[str, object] = field(repr=False)
    works_at: str = ""
    shows: str = ""
    """What one sees as them in the demo."""


def _staff(
    alias: str,
    name: str,
    title: str,
    provider: str,
    unit: int,
    *,
    purpose: str = CARE,
    acr: str = LOA3,
    care_giver: str = "VG1",
    works_at: str = "Region Exempel",
    shows: str = "",
) -> Persona:
    number = 100 + unit
    claims = {
        "sub": f"{alias}@{provider}",
        "name": name,
        "title": title,
        "employeeHsaId": f"{provider}-E{number}",
        "commissionHsaId": f"{provider}-M{number}",
        "commissionPurpose": purpose,
        "healthCareProviderHsaId": f"{provider}-{care_giver}",
        "healthCareUnitHsaId": f"{provider}-U{unit}",
        "acr": acr,
        "scope": _ALL_OF_IT,
    }
    return Persona(alias, UserKind.STAFF, f"{name}, {title}", claims, works_at, shows)


def _citizen(alias: str, number: str, acr: str = CITIZEN_LOA3, shows: str = "") -> Persona:
    fictive = person(number)
    claims = {
        "sub": f"citizen-{alias}",
        "name": fictive.name,
        "personalIdentityNumber": fictive.number,
        "acr": acr,
        "scope": "openid patient/*.rs",
    }
    return Persona(alias, UserKind.CITIZEN, fictive.name, claims, shows=shows)


_PERSONAS: tuple[Persona, ...] = (
    _staff("vera", "Vera Läkarsson", "Läkare", _REGION, 1, shows="Har Tolvans samtycke"),
    _staff(
        "viktor",
        "Viktor Sköterskemark",
        "Sjuksköterska",
        _REGION,
        2,
        shows="Har Tolvan som patient, men inget samtycke",
    ),
    _staff(
        "maja",
        "Maja Hemsjukvård",
        "Distriktssköterska",
        _MUNICIPALITY,
        1,
        works_at="Exempelkommun",
        shows="Har Davids samtycke (19510115-1818); en region har spärrat",
    ),
    _staff(
        "bo",
        "Bo Biståndslund",
        "Biståndshandläggare",
        _MUNICIPALITY,
        2,
        care_giver="OG1",
        works_at="Omsorgsnämnden, Exempelkommun",
        shows="Har Tolvans samtycke; socialtjänst, utan nödåtkomst",
    ),
    _staff(
        "stina",
        "Stina Räknedal",
        "Controller",
        _REGION,
        3,
        purpose="Statistik",
        shows="Har ett uppdrag som inget får öppna",
    ),
    _staff(
        "ville",
        "Ville Lösenordsson",
        "Läkare",
        _REGION,
        4,
        acr=LOA2,
        shows="Har loggat in för svagt",
    ),
    _citizen("tolvan", "191212121212", shows="Har planer från sex källor"),
    _citizen("elin", "199001012385", shows="Är vårdnadshavare för Jonas, 5 år, och Ida, 14 år"),
    _citizen("ida", "201201252382", shows="Är 14 år, och får ännu inte läsa själv"),
    _citizen("lars", "194100642398", shows="Har samordningsnummer"),
    _citizen("gun", "200101012383", CITIZEN_LOA2, "Har loggat in för svagt"),
)
PERSONAS: Mapping[str, Persona] = {each.alias: each for each in _PERSONAS}
