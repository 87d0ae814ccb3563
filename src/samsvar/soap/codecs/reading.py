"""What plan and contact elements are taken apart with: the other side of ``elements``.

Knows the types of the logistics domain and the one door for XML. Knows no contract: namespace
and names are handed in. What cannot be read stops the record, and the error names the place,
never what stands there; what can be read with a doubt leaves a remark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from lxml import etree

from samsvar.errors import RecordUnreadable
from samsvar.model.care import Code, DataQuality, Professional, QualityCode, Unit
from samsvar.model.identifiers import PersonId
from samsvar.model.local_time import on_the_wall
from samsvar.soap.parsing import ANSWER_LIMITS, XmlRefused, parse

_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})", re.ASCII)
_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_TRUTH = {"true": True, "1": True, "false": False, "0": False}

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Part:
    """An element, where it stands, and the remarks of the record that it is a part of.

    Every name is looked for among the direct children in ``namespace``. An element that the
    contract has once at most, and that is there twice, cannot be read: the first could be
    about somebody else.
    """

    element: etree._Element = field(repr=False)
    namespace: str
    path: str
    remarks: list[DataQuality] = field(repr=False, default_factory=list)

    def parts(self, name: str) -> Iterator[Part]:
        """Every child of the name."""
        for number, child in enumerate(self.element.iterchildren(f"{{{self.namespace}}}{name}")):
            path = f"{self.path}/{name}" + (f"[{number + 1}]" if number else "")
            yield Part(child, self.namespace, path, self.remarks)

    def part(self, name: str) -> Part | None:
        """The child of the name, if there is one."""
        found = list(self.parts(name))
        if len(found) > 1:
            raise RecordUnreadable(f"{self.path}/{name} is there more than once")
        return found[0] if found else None

    def needed(self, name: str) -> Part:
        """The child of the name."""
        found = self.part(name)
        if found is None:
            raise RecordUnreadable(f"{self.path}/{name} is missing")
        return found

    @property
    def own_text(self) -> str | None:
        """The element's text as it stands; None if it is empty."""
        if len(self.element):
            raise RecordUnreadable(f"{self.path} holds elements where a text should be")
        return self.element.text or None

    def text(self, name: str) -> str | None:
        """The text of a child; None if there is none, or it is empty."""
        found = self.part(name)
        return found.own_text if found else None

    def texts(self, name: str) -> tuple[str, ...]:
        """The text of every child of the name; empty ones left out."""
        return tuple(text for part in self.parts(name) if (text := part.own_text))

    def needed_text(self, name: str) -> str:
        """The text of a child that must be there and say something."""
        text = self.needed(name).own_text
        if text is None or not text.strip():
            raise RecordUnreadable(f"{self.path}/{name} is empty")
        return text

    def flag(self, name: str) -> bool | None:
        """An xs:boolean."""
        return self._truth(self.text(name), name)

    def time(self, name: str) -> datetime | None:
        """A point in time, in Swedish local time."""
        return self._time(self.text(name), name)

    def needed_time(self, name: str) -> datetime:
        """A point in time that must be there: the time of now is no substitute for it."""
        moment = self._time(self.needed_text(name), name)
        if moment is None:
            raise RecordUnreadable(f"{self.path}/{name} is empty")
        return moment

    def day(self, name: str) -> date | None:
        """``YYYYMMDD``."""
        return self._day(self.text(name), name)

    def word(self, name: str, words: type[Word]) -> Word | None:
        """One of a closed list."""
        return self._word(self.text(name), words, name)

    def attribute(self, name: str) -> str | None:
        """An attribute's value; None if there is none, or it is empty."""
        return self.element.get(name) or None

    def flag_attribute(self, name: str) -> bool | None:
        """An attribute that is an xs:boolean."""
        return self._truth(self.attribute(name), f"@{name}")

    def time_attribute(self, name: str) -> datetime | None:
        """An attribute that is a point in time."""
        return self._time(self.attribute(name), f"@{name}")

    def day_attribute(self, name: str) -> date | None:
        """An attribute that is a day."""
        return self._day(self.attribute(name), f"@{name}")

    def word_attribute(self, name: str, words: type[Word]) -> Word | None:
        """An attribute that is one of a closed list."""
        return self._word(self.attribute(name), words, f"@{name}")

    def remark(self, code: QualityCode, name: str, message: str) -> None:
        """Something that technicians should hear of."""
        self.remarks.append(DataQuality(code, f"{self.path}/{name}", message))

    def _truth(self, text: str | None, name: str) -> bool | None:
        if text is None:
            return None
        truth = _TRUTH.get(text.strip())
        if truth is None:
            raise RecordUnreadable(f"{self.path}/{name} is neither true nor false")
        return truth

    def _time(self, text: str | None, name: str) -> datetime | None:
        if text is None:
            return None
        match = _TIME.fullmatch(text.strip())
        if match is None:
            raise RecordUnreadable(f"{self.path}/{name} is not written YYYYMMDDhhmmss")
        try:
            shown = datetime(*(int(part) for part in match.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
            moment = on_the_wall(shown)
        except (ValueError, OverflowError):
            raise RecordUnreadable(f"{self.path}/{name} is no such day or time") from None
        if moment.replace(tzinfo=None) != shown:
            self.remark(QualityCode.DATE_FALLBACK, name, "an hour that spring leaves out")
        return moment

    def _day(self, text: str | None, name: str) -> date | None:
        if text is None:
            return None
        match = _DAY.fullmatch(text.strip())
        if match is None:
            raise RecordUnreadable(f"{self.path}/{name} is not written YYYYMMDD")
        try:
            return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            raise RecordUnreadable(f"{self.path}/{name} is no day of the calendar") from None

    def _word(self, text: str | None, words: type[Word], name: str) -> Word | None:
        if text is None:
            return None
        try:
            return words(text.strip())
        except ValueError:
            raise RecordUnreadable(f"{self.path}/{name} is none of its list") from None


def opened(record: bytes, contract: str, name: str, core: str) -> Part:
    """The record's element. Its children's names are looked for in ``core``.

    Raises:
        RecordUnreadable: it is not that element.
    """
    try:
        root = parse(record, charset=None, limits=ANSWER_LIMITS).root
    except XmlRefused as error:
        raise RecordUnreadable(f"the record cannot be read as XML: {error}") from error
    if root.tag != f"{{{contract}}}{name}":
        raise RecordUnreadable(f"the record is no {name} of this contract")
    return Part(root, core, name)


def person_id(header: Part) -> PersonId:
    """PersonIdType in a header."""
    part = header.needed("patientId")
    return PersonId(part.needed_text("type").strip(), part.needed_text("id").strip())


def code_of(part: Part | None) -> Code | None:
    """CVType: code, system and display name together, or a text alone. Half a code is a text."""
    if part is None:
        return None
    code, system, display = (part.text(name) for name in ("code", "codeSystem", "displayName"))
    if code and system and display:
        return Code(code, system, display, system_name=part.text("codeSystemName"))
    words = part.text("originalText") or display
    if words is None:
        return None
    return Code(text=words)


def unit_of(part: Part | None) -> Unit | None:
    """OrgUnitType."""
    if part is None:
        return None
    unit = Unit(
        name=part.text("orgUnitName"),
        hsa_id=part.text("orgUnitHSAId"),
        telecom=part.text("orgUnitTelecom"),
        address=part.text("orgUnitAddress"),
    )
    return unit if unit.name or unit.hsa_id else None


def professional_of(part: Part) -> Professional:
    """HealthcareProfessionalType without its time."""
    return Professional(
        name=part.text("healthcareProfessionalName"),
        hsa_id=part.text("healthcareProfessionalHSAId"),
        role=code_of(part.part("healthcareProfessionalRoleCode")),
        unit=unit_of(part.part("healthcareProfessionalOrgUnit")),
        care_unit=part.text("healthcareProfessionalCareUnitHSAId"),
        care_giver=part.text("healthcareProfessionalCareGiverHSAId"),
    )
