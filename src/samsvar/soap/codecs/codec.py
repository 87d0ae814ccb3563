"""What a codec is: all the Python that a contract has.

Knows the four things that the adapter host needs of a contract. Knows no contract.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from samsvar.model.care import CareContact, CarePlan, CareQuery
from samsvar.model.identifiers import ContractUrn
from samsvar.model.selection import Selection


@dataclass(frozen=True, slots=True)
class PlanCodec:
    """A contract whose records are care plans."""

    contract: ContractUrn
    read_query: Callable[[bytes, str], CareQuery]
    """The request element and the logical address asked.

    Raises:
        MalformedRequest: the contract calls such a request INVALID_REQUEST.
    """
    select: Callable[[Sequence[CarePlan], CareQuery], Selection[CarePlan]]
    """What of an adapter's records is sent, cut to what may leave."""
    write: Callable[[CarePlan], bytes]
    """One selected record as one element that carries its own namespaces."""
    kind: Literal["care_plans"] = field(default="care_plans", init=False)


@dataclass(frozen=True, slots=True)
class ContactCodec:
    """A contract whose records are care contacts; fields as :class:`PlanCodec`'s."""

    contract: ContractUrn
    read_query: Callable[[bytes, str], CareQuery]
    select: Callable[[Sequence[CareContact], CareQuery], Selection[CareContact]]
    write: Callable[[CareContact], bytes]
    kind: Literal["care_contacts"] = field(default="care_contacts", init=False)


Codec = PlanCodec | ContactCodec
