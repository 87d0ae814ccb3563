"""What a codec is: all the Python that a contract has.

Knows what the adapter host and the facade need of a contract. Knows no contract.
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
    """Which of an adapter's records answer the question; what of them may leave is not asked."""
    write: Callable[[CarePlan], bytes]
    """One selected record as one element that carries its own namespaces."""
    read: Callable[[bytes], CarePlan]
    """One element of any producer's answer as a canonical record.

    ``read(write(record))`` is the record, but for what the contract and our extension have no
    place for: local unit ids, a unit's address where only its name is sent, remarks, ``partial``.

    Raises:
        RecordUnreadable: it cannot be read; the text names the place, never what stands there.
    """
    kind: Literal["care_plans"] = field(default="care_plans", init=False)


@dataclass(frozen=True, slots=True)
class ContactCodec:
    """A contract whose records are care contacts; fields as :class:`PlanCodec`'s."""

    contract: ContractUrn
    read_query: Callable[[bytes, str], CareQuery]
    select: Callable[[Sequence[CareContact], CareQuery], Selection[CareContact]]
    write: Callable[[CareContact], bytes]
    read: Callable[[bytes], CareContact]
    kind: Literal["care_contacts"] = field(default="care_contacts", init=False)


Codec = PlanCodec | ContactCodec


def written(codec: Codec, record: CarePlan | CareContact) -> bytes:
    """A record as its contract has it.

    Raises:
        TypeError: the record is of another kind than the contract's.
    """
    match codec, record:
        case PlanCodec(), CarePlan():
            return codec.write(record)
        case ContactCodec(), CareContact():
            return codec.write(record)
        case _:
            raise TypeError("a record of another kind than its contract's")
