"""The viewer's log: JSON lines that say what was done and how it went; never for whom, never where.

An address as it came is not written, for somebody may have typed anything there.
"""

from __future__ import annotations

import sys

import orjson

from samsvar.observe.masking import masked


def note(event: str, **fields: object) -> None:
    """One line on standard error."""
    told = {
        name: masked(value) if isinstance(value, str) else value for name, value in fields.items()
    }
    sys.stderr.buffer.write(orjson.dumps({"event": event, **told}) + b"\n")
    sys.stderr.buffer.flush()
