"""What of a question was an access to somebody's records: something was shown, if only that there
is something.

What was refused or masked away shows nothing, and stands in the log for those who control it.
Calculation on a record; knows no row and no message.
"""

from __future__ import annotations

from samsvar.model.exchange import Disclosure, QuestionRecord, Shown
from samsvar.model.identifiers import HsaId, folded
from samsvar.model.user import UserKind


def shown(record: QuestionRecord) -> tuple[Disclosure, ...]:
    """The disclosures by which something left the house."""
    return tuple(
        one
        for one in record.disclosures
        if one.shown is Shown.EXISTENCE or (one.shown is not Shown.DENY and one.records > 0)
    )


def owners(record: QuestionRecord) -> tuple[str, ...]:
    """Whose records these were, folded, each once: also those that were not shown."""
    return tuple(dict.fromkeys(folded(one.owner) for one in record.disclosures if one.owner))


def accounted_to(record: QuestionRecord) -> HsaId | None:
    """The care giver whose log the access belongs to: the one whose staff saw something."""
    user = record.user
    if user is None or user.kind is not UserKind.STAFF or not shown(record):
        return None
    return user.care_giver or HsaId("")
