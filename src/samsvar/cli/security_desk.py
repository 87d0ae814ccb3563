"""What the commands about consents and blocks share: who acts, and how an errand ends.

Nobody's number and no reason is ever printed.
"""

from __future__ import annotations

import getpass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from samsvar.cli.moments import moment
from samsvar.cli.options import settings_from
from samsvar.cli.outcome import REFUSED, WRONG_INPUT, Stop
from samsvar.clock import SystemClock
from samsvar.model.identifiers import HsaId
from samsvar.model.registration import LONGEST_REASON, Action, Employee, Refusal
from samsvar.settings import Settings

ByOption = Annotated[str, typer.Option("--by", help="HSA-id of the employee who asks for it")]
RegisteredByOption = Annotated[
    str | None,
    typer.Option("--registered-by", help="HSA-id of who registers it; left out: who asks"),
]
ReasonOption = Annotated[
    str | None, typer.Option("--reason", help="why; neither a name nor a number belongs here")
]
GiverOption = Annotated[
    str, typer.Option("--care-giver", help="HSA-id of the care giver whose it is")
]
_DAY = len("2026-11-01")


def kept_here(path: Path | None, what: str) -> Settings:
    """The settings of a hub that keeps these itself. ``what``: ``consents`` or ``blocks``.

    Raises:
        Stop: an outside service keeps them.
    """
    settings = settings_from(path)
    if getattr(settings.security, what) != "embedded":
        raise Stop(
            REFUSED,
            f"{what} are kept by an outside service (security.{what}): do it there",
        )
    return settings


def owner() -> str:
    """Which system registered it: this command, and the machine's user."""
    return f"samsvar:{getpass.getuser()}"


def action(by: str, registered_by: str | None, reason: str | None) -> Action:
    """What is done now.

    Raises:
        Stop: the reason is too long, or holds a person's number.
    """
    from samsvar.observe.masking import masked

    if reason is not None and len(reason) > LONGEST_REASON:
        raise Stop(WRONG_INPUT, f"--reason: at most {LONGEST_REASON} characters")
    if reason is not None and masked(reason) != reason:
        raise Stop(WRONG_INPUT, "--reason: no number belongs there")
    now = SystemClock().now()
    return Action(now, Employee(HsaId(by)), now, Employee(HsaId(registered_by or by)), reason)


def last_moment(option: str, text: str | None) -> datetime | None:
    """The moment that was typed; of a day its last second."""
    if text is None:
        return None
    if len(text) > _DAY:
        return moment(option, text)
    return moment(option, text, after_the_day=True) - timedelta(seconds=1)


def done(refusal: Refusal | None) -> None:
    """Return if it is done.

    Raises:
        Stop: it is not, and why.
    """
    if refusal in (Refusal.NOT_FOUND, Refusal.CANCELLED, Refusal.NULLIFIED, Refusal.EXISTS):
        raise Stop(REFUSED, refusal.value)
    if refusal is not None:
        raise Stop(WRONG_INPUT, refusal.value)
