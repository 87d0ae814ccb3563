"""A day in the registry is that day in Sweden, to its last moment, whatever the clocks do."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from samsvar.model.identifiers import ContractUrn, HsaId, LogicalAddress
from samsvar.model.local_time import STOCKHOLM
from samsvar.registry.file import parse_registry

PLANS = ContractUrn("urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2")
MOMENT = timedelta(microseconds=1)
SPRING, AUTUMN, WINTER, LEAP = "2026-03-29", "2026-10-25", "2026-12-31", "2028-02-29"


def allowed(period: str, at: datetime) -> tuple[bool, bool]:
    """Whether there is a permission, and whether there is a route, at that moment."""
    text = (
        f'[[contract]]\nurn = "{PLANS}"\ntitle = "Planer"\n'
        '[[producer]]\nid = "p"\ntitle = "P"\nkind = "soap"\n'
        'address = "https://p.example/"\nowner = "SE1"\n'
        f'[[route]]\ncontract = "GetCarePlans 2"\nlogical_address = "A"\nproducer = "p"\n{period}\n'
        '[[permission]]\nconsumer = "C"\ncontract = "GetCarePlans 2"\n'
        f'logical_address = "A"\n{period}'
    )
    book = parse_registry(
        text, known_contracts=[PLANS], known_adapters={}, allow_plain_http=False
    ).catalogue(1)
    address = LogicalAddress("A")
    permission = book.permission(HsaId("C"), PLANS, address, at).permission
    told = book.permissions_of(HsaId("C"), PLANS, at)
    assert bool(told) == (permission is not None), "the service tells what a call would meet"
    assert bool(book.permissions_at(address, at)) == (permission is not None)
    return permission is not None, bool(book.routes(PLANS, address, at).entries)


def midnight(day: str) -> datetime:
    """The first moment of a day in Sweden."""
    return datetime.fromisoformat(day).replace(tzinfo=STOCKHOLM)


def next_midnight(day: str) -> datetime:
    """By the calendar: a day may have 23 or 25 hours."""
    following = datetime.fromisoformat(day) + timedelta(days=1)
    return following.replace(tzinfo=STOCKHOLM)


@pytest.mark.parametrize("day", [SPRING, AUTUMN, WINTER, LEAP])
def test_a_period_of_one_day_is_that_whole_day_and_nothing_more(day: str) -> None:
    """AZ-02: ended yesterday and begins tomorrow are both closed, at midnight to the moment."""
    period = f"valid_from = {day}\nvalid_to = {day}"
    begins, ends = midnight(day), next_midnight(day)

    assert allowed(period, begins - MOMENT) == (False, False)
    assert allowed(period, begins) == (True, True)
    assert allowed(period, ends - MOMENT) == (True, True)
    assert allowed(period, ends) == (False, False)


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (WINTER, 24)])
def test_the_days_when_clocks_move_are_as_long_as_they_are(day: str, hours: int) -> None:
    """Every hour of them is open: also the one that comes twice."""
    period = f"valid_from = {day}\nvalid_to = {day}"
    begins = midnight(day).timestamp()
    hour = [datetime.fromtimestamp(begins + 3600 * n, STOCKHOLM) for n in range(-1, 27)]

    assert [allowed(period, at)[0] for at in hour].count(True) == hours
