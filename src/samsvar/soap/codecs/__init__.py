"""One codec for each contract that adapters can answer; the canonical model is their middle.

To add a contract: a module with ``read_query``, ``select``, ``write`` and ``read``, and a line
here.
"""

from __future__ import annotations

from samsvar.model.identifiers import ContractUrn
from samsvar.soap.codecs import get_care_contacts_2, get_care_contacts_3, get_care_plans_2
from samsvar.soap.codecs.codec import Codec, ContactCodec, PlanCodec, written

_ALL: tuple[Codec, ...] = (
    PlanCodec(
        get_care_plans_2.CONTRACT,
        get_care_plans_2.read_query,
        get_care_plans_2.select,
        get_care_plans_2.write,
        get_care_plans_2.read,
    ),
    ContactCodec(
        get_care_contacts_3.CONTRACT,
        get_care_contacts_3.read_query,
        get_care_contacts_3.select,
        get_care_contacts_3.write,
        get_care_contacts_3.read,
    ),
    ContactCodec(
        get_care_contacts_2.CONTRACT,
        get_care_contacts_2.read_query,
        get_care_contacts_2.select,
        get_care_contacts_2.write,
        get_care_contacts_2.read,
    ),
)

CODECS: dict[ContractUrn, Codec] = {codec.contract: codec for codec in _ALL}

__all__ = ["CODECS", "Codec", "ContactCodec", "PlanCodec", "written"]
