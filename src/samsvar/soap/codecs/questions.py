"""A request element of the logistics contracts: read as a canonical question, and made of one.

Knows the request's fields and the contract's rules between them. Knows no record, and does
not judge the person's number: that is done where the request comes in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from lxml import etree

from samsvar.errors import MalformedRequest
from samsvar.model.care import CareQuery
from samsvar.model.identifiers import PersonId, folded
from samsvar.soap.envelope import escaped
from samsvar.soap.parsing import REQUEST_LIMITS, XmlRefused, parse

_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class RequestShape:
    """What differs between the contracts' requests."""

    operation: str
    responder: str
    core: str
    period: str
    """Name of the element with start and end."""

    def read(self, body: bytes, source_system: str) -> CareQuery:
        """The question that is put to ``source_system``, the logical address asked.

        Raises:
            MalformedRequest: not this contract's request, a day that does not exist, or a
                question that the contract answers with INVALID_REQUEST.
        """
        try:
            root = parse(body, charset=None, limits=REQUEST_LIMITS).root
        except XmlRefused as error:
            raise MalformedRequest("the request cannot be read as XML") from error
        if root.tag != f"{{{self.responder}}}{self.operation}":
            raise MalformedRequest(f"the request is no {self.operation} of this contract")
        contact_ids = self._all(root, "careContactId")
        self._check_source(root, source_system, asks_for_contacts=bool(contact_ids))
        start, end = self._days(root)
        return CareQuery(
            subject=self._subject(root),
            source_system=source_system,
            period_start=start,
            period_end=end,
            care_units=self._all(root, "careUnitHSAId"),
            care_givers=self._all(root, "careGiverHSAId"),
            contact_ids=contact_ids,
        )

    def write(self, about: PersonId, source_filter: str | None) -> bytes:
        """The request element of a question about a person alone; with ``source_filter``, about
        what one source system has."""
        source = (
            f"<r:sourceSystemHSAId>{escaped(source_filter)}</r:sourceSystemHSAId>"
            if source_filter
            else ""
        )
        return (
            f'<r:{self.operation} xmlns:r="{self.responder}" xmlns:c="{self.core}">'
            f"<r:patientId><c:id>{escaped(about.extension)}</c:id>"
            f"<c:type>{escaped(about.root)}</c:type></r:patientId>"
            f"{source}</r:{self.operation}>"
        ).encode()

    def _all(self, root: etree._Element, name: str) -> tuple[str, ...]:
        """Every value. An empty one is a form's unfilled field and asks for nothing."""
        found = root.iterfind(f"{{{self.responder}}}{name}")
        return tuple(element.text for element in found if element.text)

    def _subject(self, root: etree._Element) -> PersonId:
        path = f"{{{self.responder}}}patientId/{{{self.core}}}"
        number, kind = root.findtext(f"{path}id"), root.findtext(f"{path}type")
        if not number or not kind:
            raise MalformedRequest("patientId must have id and type")
        return PersonId(root=kind, extension=number)

    def _check_source(
        self, root: etree._Element, source_system: str, *, asks_for_contacts: bool
    ) -> None:
        """LOG313: the source must be the one addressed; contact ids are known by one source."""
        named = self._all(root, "sourceSystemHSAId")
        if any(folded(each) != folded(source_system) for each in named):
            raise MalformedRequest("sourceSystemHSAId is not the logical address asked")
        if asks_for_contacts and not named:
            raise MalformedRequest("careContactId needs sourceSystemHSAId: give it")

    def _days(self, root: etree._Element) -> tuple[date | None, date | None]:
        period = root.find(f"{{{self.responder}}}{self.period}")
        if period is None:
            return None, None
        start, end = self._day(period, "start"), self._day(period, "end")
        if start > end:
            raise MalformedRequest(f"{self.period} ends before it starts")
        return start, end

    def _day(self, period: etree._Element, name: str) -> date:
        match = _DAY.fullmatch(period.findtext(f"{{{self.core}}}{name}") or "")
        if match is None:
            raise MalformedRequest(f"{self.period}/{name} must be written YYYYMMDD")
        try:
            return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError as error:
            raise MalformedRequest(f"{self.period}/{name} is no day of the calendar") from error
