"""How consents and blocks stand for those who want to see, in the words of the access rules.

Knows how records become words. Knows no rule: what a word opens or closes is not said here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from samsvar.access.words import Block, Consent, Giver
from samsvar.model.accessing import Accessing, BlockQuestion
from samsvar.model.blocks import BlockRecord, BlockType, applying
from samsvar.model.consents import AssertionType, ConsentRecord, valid_of
from samsvar.model.local_time import local_day
from samsvar.model.person_numbers import age_at

_ADULT = 18


def consent_standing(
    records: Sequence[ConsentRecord], accessing: Accessing, at: datetime
) -> tuple[Consent, ConsentRecord | None]:
    """How consent stands, and the assertion that is in force.

    A statement of emergency says that consent cannot be obtained; it is no consent. One that was
    nullified was never given.
    """
    found = valid_of(records, accessing, at)
    if found is not None:
        stated = found.kind is AssertionType.EMERGENCY
        return (Consent.CANNOT_BE_OBTAINED if stated else Consent.VALID), found
    theirs = [
        one
        for one in records
        if one.kind is AssertionType.CONSENT and one.deletion is None and one.is_for(accessing)
    ]
    if any(one.cancellation is not None for one in theirs):
        return Consent.REVOKED, None
    if any(one.has_expired(at) for one in theirs):
        return Consent.EXPIRED, None
    return Consent.NONE, None


def giver_of(record: ConsentRecord, at: datetime) -> Giver:
    """Who gave it. A representative of a child is its guardian; of others it is not known."""
    if record.represented_by is None:
        return Giver.PERSON
    age = age_at(record.subject, local_day(at))
    return Giver.GUARDIAN if age is not None and age < _ADULT else Giver.UNKNOWN


def block_standing(
    blocks: Iterable[BlockRecord], accessing: Accessing, question: BlockQuestion, at: datetime
) -> Block:
    """How blocks stand. One that is not revoked closes, however many others are."""
    found = applying(blocks, accessing, question)
    closed = [one.kind for one in found if not one.is_revoked(accessing, at)]
    if BlockType.OUTER in closed:
        return Block.OUTER
    if closed:
        return Block.INNER
    return Block.REVOKED_TEMPORARILY if found else Block.NONE
