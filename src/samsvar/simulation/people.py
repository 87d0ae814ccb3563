"""The fictive people whom all simulators know. Official test numbers only, invented names."""

from __future__ import annotations

from dataclasses import dataclass

from samsvar.model.person_numbers import PERSONNUMMER, SAMORDNINGSNUMMER
from samsvar.model.person_numbers import STOCKHOLM_RESERVE as RESERVNUMMER_STOCKHOLM
from samsvar.model.person_numbers import VASTRA_GOTALAND_RESERVE as RESERVNUMMER_VGR


@dataclass(frozen=True, slots=True)
class Fictive:
    """A person who does not exist. ``number`` has 12 characters; ``root`` is its OID."""

    number: str
    name: str
    root: str = PERSONNUMMER
    municipality: str = "2480"

    @property
    def short(self) -> str:
        """The 10-digit form with its separator: ``+`` for those born before 1927."""
        mark = "+" if self.number < "1927" else "-"
        return f"{self.number[2:8]}{mark}{self.number[8:]}"

    @property
    def hyphenated(self) -> str:
        """12 digits with a hyphen."""
        return f"{self.number[:8]}-{self.number[8:]}"


PEOPLE: tuple[Fictive, ...] = (
    Fictive("191212121212", "Tolvan Tolvansson"),
    Fictive("193201027723", "Astrid Provsson"),
    Fictive("193801029202", "Bertil Exempelman", municipality="1280"),
    Fictive("194401077674", "Cecilia Testlund", municipality="1480"),
    Fictive("195101151818", "David Mallgren"),
    Fictive("196501022773", "Test Testsson"),
    Fictive("199001012385", "Elin Påhittad", municipality="1280"),
    Fictive("199001032391", "Frej Fiktivsson", municipality="1480"),
    Fictive("200101012383", "Gun Låtsasdotter"),
    Fictive("200901072389", "Hugo Skolmark", municipality="1480"),
    Fictive("201201252382", "Ida Barnfors", municipality="1480"),
    Fictive("202101012397", "Jonas Småberg", municipality="1280"),
    Fictive("189001019802", "Karolina Hundraårsson"),
    Fictive("194100642398", "Lars Samordnad", SAMORDNINGSNUMMER),
    Fictive("199008672397", "Mira Samordnad", SAMORDNINGSNUMMER, "1280"),
    Fictive("19810829M071", "Okänd Reservsson", RESERVNUMMER_VGR, "1480"),
    Fictive("991981000010", "Okänd Tillfällig", RESERVNUMMER_STOCKHOLM),
)

_BY_NUMBER = {fictive.number: fictive for fictive in PEOPLE}


def person(number: str) -> Fictive:
    """The fictive person with this 12-character number.

    Raises:
        KeyError: nobody here has it.
    """
    return _BY_NUMBER[number]
