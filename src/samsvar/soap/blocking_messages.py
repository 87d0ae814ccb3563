"""The block contracts: bodies read into our words, and answered.

Source: informationsecurity:authorization:blocking 4.0. Bodies have been held to their schemas.
Knows element names; knows no storage and no permission.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from lxml import etree

from samsvar.model.accessing import Accessing, BlockQuestion
from samsvar.model.blocks import (
    INFORMATION_TYPES,
    BlockFilter,
    BlockPage,
    BlockRecord,
    BlockType,
    TemporaryRevoke,
)
from samsvar.model.identifiers import ContractUrn, HsaId, PersonId
from samsvar.model.local_time import earliest, latest
from samsvar.model.registration import Refusal
from samsvar.soap.envelope import escaped
from samsvar.soap.security_values import (
    BLOCKING,
    Refused,
    accessing_of,
    action_of,
    hsa_id,
    optional,
    optional_hsa_id,
    person,
    person_written,
    response,
    result,
    shown,
    subject_of,
    text_of,
    told,
    wall,
)

_URN = "urn:riv:informationsecurity:authorization:blocking"
CHECK: Final = ContractUrn(f"{_URN}:CheckBlocksResponder:4")
GET: Final = ContractUrn(f"{_URN}:GetBlocksResponder:4")
REGISTER: Final = ContractUrn(f"{_URN}:RegisterExtendedBlockResponder:4")
OPERATIONS: Final = {CHECK: "CheckBlocks", GET: "GetBlocks", REGISTER: "RegisterExtendedBlock"}
ROW_FAULT: Final = "Informationsresurs(er) innehåller valideringsfel"
"""The INFO text where a row could not be checked, word for word."""

_CORE = f"{{{BLOCKING}}}"
_REPRESENTED = "representedBy"


class RowStatus(StrEnum):
    """What became of one row."""

    OK = "OK"
    BLOCKED = "BLOCKED"
    FAULT = "VALIDATIONERROR"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a CheckBlocks. ``question``: None where its values cannot be."""

    number: int
    question: BlockQuestion | None


@dataclass(frozen=True, slots=True)
class CheckQuestion:
    """A CheckBlocks: who wants to see, of whom, and what."""

    accessing: Accessing
    subject: PersonId
    rows: tuple[Row, ...]


def read_check(body: etree._Element) -> CheckQuestion:
    """A CheckBlocks. Rows that share a number cannot be told apart in the answer: they are wrong.

    Raises:
        Refused: a value outside the rows cannot be.
    """
    subject = subject_of(body, f"{{{CHECK}}}patientId", BLOCKING)
    accessing = accessing_of(body, CHECK, BLOCKING)
    rows = [_row(element) for element in body.iterchildren(f"{{{CHECK}}}informationEntities")]
    times = Counter(row.number for row in rows)
    return CheckQuestion(
        accessing,
        subject,
        tuple(row if times[row.number] == 1 else Row(row.number, None) for row in rows),
    )


def read_get(body: etree._Element) -> BlockFilter:
    """A GetBlocks.

    Raises:
        Refused: a value cannot be.
    """
    since = text_of(body, f"{{{GET}}}createdOnOrAfter")
    givers = body.iterchildren(f"{{{GET}}}careProviderIds")
    return BlockFilter(
        subject=person(body, f"{{{GET}}}patientId", BLOCKING),
        care_givers=tuple(HsaId("".join(one.itertext()).strip()) for one in givers),
        since=None if since is None else earliest(wall(since)),
    )


def read_registration(body: etree._Element, sender: str) -> BlockRecord:
    """A RegisterExtendedBlock. A period in an hour that comes twice is the longer one.

    The contract has no place for a guardian's name. One who puts it into an extension all the
    same is told that a guardian cannot block.

    Raises:
        Refused: a value cannot be, or somebody asks for it in the person's place.
    """
    own = f"{{{REGISTER}}}"
    if any(etree.QName(one).localname == _REPRESENTED for one in body.iter("*")):
        raise Refused(Refusal.BY_GUARDIAN)
    if int(told(body, f"{own}replicationTimeout")) < -1:
        raise Refused(Refusal.REPLICATION)
    start, end = (text_of(body, f"{own}information{which}Date") for which in ("Start", "End"))
    return BlockRecord(
        block_id=told(body, f"{own}blockId"),
        kind=BlockType(told(body, f"{own}blockType")),
        subject=subject_of(body, f"{own}patientId", BLOCKING),
        care_giver=hsa_id(body, f"{own}informationCareProviderId"),
        care_unit=optional_hsa_id(body, f"{own}informationCareUnitId"),
        start=None if start is None else earliest(wall(start)),
        end=None if end is None else latest(wall(end)),
        excluded=frozenset(
            "".join(one.itertext()).strip().lower()
            for one in body.iterchildren(f"{own}excludedInformationTypes")
        ),
        registration=action_of(body, f"{own}registerAction", BLOCKING),
        owner=sender,
    )


def check_response(statuses: Sequence[tuple[int, RowStatus]]) -> bytes:
    """The outcome of each row; INFO where one could not be checked."""
    info = ROW_FAULT if any(status is RowStatus.FAULT for _, status in statuses) else None
    rows = "".join(
        f"<c:checkResults><c:status>{status}</c:status><c:rowNumber>{number}</c:rowNumber>"
        "</c:checkResults>"
        for number, status in statuses
    )
    return _checked(result(BLOCKING, info=info), rows)


def get_response(page: BlockPage) -> bytes:
    """The blocks in force."""
    return _got(result(BLOCKING), map(_block, page.blocks), page)


def done_response(refusal: Refusal | None) -> bytes:
    """What becomes of a registration."""
    return _response(REGISTER, f"<r:result>{result(BLOCKING, refusal)}</r:result>")


def refused_response(contract: ContractUrn, refusal: Refusal, empty: BlockPage) -> bytes:
    """A request that is answered with a result code, in the form of its contract."""
    if contract == CHECK:
        return _checked(result(BLOCKING, refusal), "")
    if contract == GET:
        return _got(result(BLOCKING, refusal), (), empty)
    return done_response(refusal)


def _row(element: etree._Element) -> Row:
    number = int(told(element, f"{_CORE}rowNumber"))
    try:
        start = earliest(wall(told(element, f"{_CORE}informationStartDate")))
        end = latest(wall(told(element, f"{_CORE}informationEndDate")))
        if end < start:
            return Row(number, None)
        question = BlockQuestion(
            owner=hsa_id(element, f"{_CORE}informationCareProviderId"),
            owner_unit=hsa_id(element, f"{_CORE}informationCareUnitId"),
            start=start,
            end=end,
            information_type=text_of(element, f"{_CORE}informationType"),
        )
    except Refused:
        return Row(number, None)
    return Row(number, question)


def _checked(ended: str, rows: str) -> bytes:
    return _response(
        CHECK,
        f"<r:checkBlocksResult><c:result>{ended}</c:result>{rows}</r:checkBlocksResult>",
    )


def _got(ended: str, blocks: Iterable[str], page: BlockPage) -> bytes:
    return _response(
        GET,
        f"<r:blockHeader><c:result>{ended}</c:result>{''.join(blocks)}"
        f"<c:nextCreatedOnOrAfter>{shown(page.next_since)}</c:nextCreatedOnOrAfter>"
        f"<c:latestCancellation>{shown(page.latest_ending)}</c:latestCancellation>"
        "</r:blockHeader>",
    )


def _block(record: BlockRecord) -> str:
    start, end = (None if one is None else shown(one) for one in (record.start, record.end))
    return "".join(
        (
            f"<c:blocks><c:blockId>{escaped(record.block_id)}</c:blockId>",
            f"<c:blockType>{record.kind.value}</c:blockType>",
            optional("c:informationStartDate", start),
            optional("c:informationEndDate", end),
            optional("c:informationCareUnitId", record.care_unit),
            optional("c:informationCareProviderId", record.care_giver),
            person_written("c:patientId", record.subject),
            *(
                f"<c:excludedInformationTypes><c:infoTypeId>{code}</c:infoTypeId>"
                f"<c:infoTypeDescription>{INFORMATION_TYPES[code]}</c:infoTypeDescription>"
                "</c:excludedInformationTypes>"
                for code in sorted(record.excluded)
            ),
            *map(_revoke, record.revokes),
            optional("c:ownerId", record.owner),
            "</c:blocks>",
        )
    )


def _revoke(revoke: TemporaryRevoke) -> str:
    return (
        f"<c:temporaryRevokes><c:temporaryRevokeId>{escaped(revoke.revoke_id)}"
        f"</c:temporaryRevokeId><c:endDate>{shown(revoke.end)}</c:endDate>"
        f"<c:revokedForCareUnitId>{escaped(revoke.care_unit)}</c:revokedForCareUnitId>"
        f"{optional('c:revokedForEmployeeId', revoke.employee)}"
        f"{optional('c:ownerId', revoke.owner)}</c:temporaryRevokes>"
    )


def _response(contract: ContractUrn, content: str) -> bytes:
    return response(contract, OPERATIONS[contract], BLOCKING, content)
