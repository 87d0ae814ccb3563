"""What the stores of grounds share: a look beside the event loop, and what may be registered.

A look that fails says that the facts cannot be had. Knows no table.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import sqlalchemy as sa

from samsvar.errors import FactsUnavailable, ResourcesMissing
from samsvar.observe.masking import masked
from samsvar.registry.fields import ID_FORM

_Answer = TypeVar("_Answer")
_ID = re.compile(r"[0-9A-Za-z_.:\-]{1,64}", re.ASCII)


class NotSound(ValueError):
    """It cannot be registered so. The text says what is allowed, and repeats no value."""


async def looked(what: str, look: Callable[[], _Answer]) -> _Answer:
    """What a look in the database finds, made in a thread.

    Raises:
        FactsUnavailable: it cannot be read.
    """
    try:
        return await asyncio.to_thread(look)
    except (sa.exc.SQLAlchemyError, ResourcesMissing) as error:
        raise FactsUnavailable(f"{what} cannot be read ({type(error).__name__})") from error


def failed(what: str, error: Exception) -> ResourcesMissing:
    """For those who register and list."""
    return ResourcesMissing(f"{what} cannot be read or stored ({type(error).__name__})")


def sound_id(what: str, value: str) -> str:
    """The HSA-id of a giver, unit or employee.

    Raises:
        NotSound: it is none, or could be somebody's personal number.
    """
    if not _ID.fullmatch(value):
        raise NotSound(f"{what}: must be {ID_FORM}")
    if masked(value) != value:
        raise NotSound(f"{what}: could be a personal number: give an HSA-id")
    return value


def stored(moment: datetime) -> str:
    """A moment as it is kept: ISO 8601, UTC."""
    return moment.astimezone(UTC).isoformat()
