"""Accounting: what the log must have of what was shown and refused, and what may be told of it.

Knows decisions and their obligations. Knows no rule, no record's content and no store.
"""

from __future__ import annotations

from collections.abc import Sequence

from samsvar.access import Decision, Obligation, Verdict
from samsvar.model.exchange import Activity, Disclosure, Existence, Shown
from samsvar.model.identifiers import LogicalAddress
from samsvar.pipeline.weigh import Weighed

#: a source, and what came of each of its records
Account = tuple[LogicalAddress, Sequence[Weighed]]


def disclosures(accounts: Sequence[Account]) -> tuple[Disclosure, ...]:
    """One for each source, owner and unit: whoever owns a part of a plan has a line of its own."""
    return tuple(one for source, weighed in accounts for one in _of_source(source, weighed))


def refused_emergencies(accounts: Sequence[Account]) -> tuple[str, ...]:
    """The event of an emergency that was claimed where there is no emergency access."""
    if any(Obligation.LOG_EMERGENCY_REFUSED in each.obligations for each in _all(accounts)):
        return ("EMERGENCY_REFUSED: claimed where there is no emergency access",)
    return ()


def existence(accounts: Sequence[Account]) -> Existence:
    """What a rule lets be told of what is not shown; nothing where none does."""
    found = [pair for _, weighed in accounts for one in weighed for pair in one.decisions]

    def owners(obligation: Obligation) -> tuple[str, ...]:
        named = {
            whose.owner for whose, each in found if whose.owner and obligation in each.obligations
        }
        return tuple(sorted(named))

    obligations = {one for _, each in found for one in each.obligations}
    return Existence(
        unblocked=any(each.verdict is Verdict.EXISTENCE for _, each in found),
        blocked=Obligation.MAY_TELL_BLOCKED_EXISTS in obligations,
        owners=owners(Obligation.MAY_NAME_OWNERS),
        blockers=owners(Obligation.MAY_NAME_BLOCKER),
        may_request_lift=Obligation.MAY_REQUEST_LIFT in obligations,
    )


def _all(accounts: Sequence[Account]) -> list[Decision]:
    return [each for _, weighed in accounts for one in weighed for _, each in one.decisions]


def _of_source(source: LogicalAddress, weighed: Sequence[Weighed]) -> list[Disclosure]:
    by_owner: dict[tuple[str | None, str | None], list[tuple[int, Decision, bool]]] = {}
    for number, one in enumerate(weighed):
        for whose, decision in one.decisions:
            left = one.item is not None and decision.verdict is Verdict.ALLOW
            by_owner.setdefault((whose.owner, whose.unit), []).append((number, decision, left))
    return [
        Disclosure(
            source=source,
            owner=owner,
            owner_unit=unit,
            shown=_shown(several),
            rules=tuple(dict.fromkeys(decision.rule_id for _, decision, _ in several)),
            records=len({number for number, _, left in several if left}),
            activity=_activity(several),
        )
        for (owner, unit), several in by_owner.items()
    ]


def _shown(several: Sequence[tuple[int, Decision, bool]]) -> Shown:
    if all(left for _, _, left in several):
        return Shown.ALLOW
    if any(left for _, _, left in several):
        return Shown.MASK
    if any(decision.verdict is Verdict.EXISTENCE for _, decision, _ in several):
        return Shown.EXISTENCE
    return Shown.DENY


def _activity(several: Sequence[tuple[int, Decision, bool]]) -> Activity:
    emergency = any(Obligation.LOG_EMERGENCY in each.obligations for _, each, _ in several)
    return Activity.EMERGENCY if emergency else Activity.READ
