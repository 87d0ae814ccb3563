"""Names that travel through the hub: parsed once at the edge, trusted ever after.

Knows which strings are which. Knows nothing of XML, HTTP or storage. What makes a person's
number valid is in ``model.person_numbers``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

HsaId = NewType("HsaId", str)
"""A party in the HSA catalogue, as given; compare with ``folded``."""

LogicalAddress = NewType("LogicalAddress", str)
"""Whom a request is addressed to. Often an HSA-id; never assume that it is one."""

ContractUrn = NewType("ContractUrn", str)
"""A service contract: the namespace of the request's body element."""

CorrelationId = NewType("CorrelationId", str)
"""Binds a call to all that it caused. 1 to 64 of ``A-Z a-z 0-9 . _ -``."""


def folded(identifier: str) -> str:
    """The form in which identifiers are compared: the catalogue ignores case."""
    return identifier.lower()


@dataclass(frozen=True, slots=True)
class PersonId:
    """A person: the root says whose number it is, the extension is the number.

    The number is masked by the type, so that it cannot be printed by accident.
    """

    root: str
    extension: str

    def __repr__(self) -> str:
        return f"PersonId(root={self.root!r}, extension=<masked>)"

    __str__ = __repr__
