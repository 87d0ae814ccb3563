"""A command that changes something is a row of the access log before it does.

Of its words only the command's own and its arguments are told (ids, and files' names), not what
options say. Personal numbers are no arguments of any command.
"""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

from typer.main import get_current_context  # type: ignore[attr-defined] # it has no other place

if TYPE_CHECKING:
    from samsvar.store.database import Database


def trail(database: Database) -> None:
    """Make the row of the command that runs.

    Raises:
        ResourcesMissing: it could not be made: then nothing may be changed.
    """
    from samsvar.clock import SystemClock
    from samsvar.store.admin_trail import note_in

    note_in(database, SystemClock(), getpass.getuser(), _said())


def _said() -> str:
    context = get_current_context(silent=True)
    if context is None:
        return "samsvar"
    arguments = (
        context.params.get(parameter.name or "")
        for parameter in context.command.params
        if parameter.param_type_name == "argument"
    )
    names = context.command_path.split()[1:]
    return " ".join(["samsvar", *names, *(str(one) for one in arguments if one is not None)])
