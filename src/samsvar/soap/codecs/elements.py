"""The bricks that plan and contact elements are laid with: text, times, codes, units, people.

Knows the names and the order of the logistics domain's shared types, and the contract's rules
for what fills them. Knows no contract: the namespace is handed in. What is unknown becomes no
element at all, never an empty one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from lxml import etree

from samsvar.model.care import Code, Professional, Unit
from samsvar.model.identifiers import PersonId
from samsvar.model.local_time import local_time
from samsvar.model.plain_text import xml_text

_YEARS = range(1900, 2100)  # all that the contract's pattern for times admits


def timestamp(moment: datetime) -> str:
    """``YYYYMMDDhhmmss``, Swedish local time. ValueError: the time has no zone."""
    return f"{local_time(moment):%Y%m%d%H%M%S}"


def day(value: date) -> str:
    """``YYYYMMDD``."""
    return f"{value:%Y%m%d}"


def can_stand(moment: datetime) -> bool:
    """Whether the contract's type for times can hold the moment."""
    return local_time(moment).year in _YEARS


def to_bytes(element: etree._Element) -> bytes:
    """UTF-8 without a declaration: the element goes inside another document."""
    return etree.tostring(element, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Bricklayer:
    """Lays elements of one namespace. Every method adds to ``parent`` and leaves out what is
    not known."""

    namespace: str

    def branch(self, parent: etree._Element, name: str) -> etree._Element:
        """An element that others will stand in."""
        return etree.SubElement(parent, f"{{{self.namespace}}}{name}")

    def text(self, parent: etree._Element, name: str, value: str | None) -> None:
        """A text, if there is one."""
        if value:
            self.branch(parent, name).text = xml_text(value)

    def required(self, parent: etree._Element, name: str, value: str) -> None:
        """A text that the schema wants even when it is empty."""
        self.branch(parent, name).text = xml_text(value)

    def flag(self, parent: etree._Element, name: str, value: bool) -> None:
        """An xs:boolean."""
        self.branch(parent, name).text = "true" if value else "false"

    def time(self, parent: etree._Element, name: str, moment: datetime | None) -> None:
        """A point in time, if it is known and the contract can hold it."""
        if moment is not None and can_stand(moment):
            self.branch(parent, name).text = timestamp(moment)

    def person_id(self, parent: etree._Element, name: str, person: PersonId) -> None:
        """PersonIdType: the number as asked, and whose number it is."""
        branch = self.branch(parent, name)
        self.required(branch, "id", person.extension)
        self.required(branch, "type", person.root)

    def code(self, parent: etree._Element, name: str, code: Code | None) -> None:
        """CVType: code, system and display name together, or the original text alone."""
        if code is None:
            return
        if code.code and code.system and code.display:
            branch = self.branch(parent, name)
            self.text(branch, "code", code.code)
            self.text(branch, "codeSystem", code.system)
            self.text(branch, "codeSystemName", code.system_name)
            self.text(branch, "displayName", code.display)
        elif original := code.text or code.display:
            self.text(self.branch(parent, name), "originalText", original)

    def unit(self, parent: etree._Element, name: str, unit: Unit | None) -> None:
        """OrgUnitType. A local code never stands in the field for an HSA-id."""
        if unit is None or not (unit.hsa_id or unit.name):
            return
        branch = self.branch(parent, name)
        self.text(branch, "orgUnitHSAId", unit.hsa_id)
        self.text(branch, "orgUnitName", unit.name)
        self.text(branch, "orgUnitTelecom", unit.telecom)
        self.text(branch, "orgUnitAddress", unit.address)

    def accountable(
        self, parent: etree._Element, author_time: datetime, professional: Professional
    ) -> None:
        """HealthcareProfessionalType. Unit and care giver only when they really are known:
        blocks and the access log are decided by them."""
        branch = self.branch(parent, "accountableHealthcareProfessional")
        self.required(branch, "authorTime", timestamp(author_time))
        self.text(branch, "healthcareProfessionalHSAId", professional.hsa_id)
        self.text(branch, "healthcareProfessionalName", professional.name)
        self.code(branch, "healthcareProfessionalRoleCode", professional.role)
        self.unit(branch, "healthcareProfessionalOrgUnit", professional.unit)
        self.text(branch, "healthcareProfessionalCareUnitHSAId", professional.care_unit)
        self.text(branch, "healthcareProfessionalCareGiverHSAId", professional.care_giver)
