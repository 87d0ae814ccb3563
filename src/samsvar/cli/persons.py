"""A person for a command: the number comes from standard input or a file, never as an argument.

Knows which numbers there are by their form. No text here repeats what was given.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from samsvar.cli.ask import person_id
from samsvar.cli.outcome import WRONG_INPUT, Stop
from samsvar.model.identifiers import PersonId

PersonOption = Annotated[
    str, typer.Option("--person", help="-: the number is on standard input; or file:PATH")
]
OnlyPersonOption = Annotated[
    str | None,
    typer.Option(
        "--person", help="only this one; -: the number is on standard input; or file:PATH"
    ),
]
_LONGEST = 1000


def person_from(where: str) -> PersonId:
    """The person whose number is there.

    Raises:
        Stop: nothing is there, or no number that a person here can have.
    """
    kind, _, path = where.partition(":")
    if where == "-":
        text = sys.stdin.readline(_LONGEST)
    elif kind == "file" and path:
        try:
            with Path(path).open(encoding="utf-8") as file:
                text = file.readline(_LONGEST)
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise Stop(
                WRONG_INPUT, f"the file of --person cannot be read ({type(error).__name__})"
            ) from error
    else:
        raise Stop(
            WRONG_INPUT,
            "give --person - and the number on standard input, or --person file:PATH: arguments"
            " stand in the list of processes",
        )
    return person_id(text.strip())
