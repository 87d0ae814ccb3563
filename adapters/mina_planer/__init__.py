"""Mina planer (Skåne): plans and admissions from a FHIR-like source behind OAuth2.

``ADAPTER`` is what the hub takes; the mapping is in ``mapping`` and ``admissions``, the only
I/O in ``client``, and a server that speaks the format in ``simulator``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from samsvar.adapter_api import Adapter, AdapterOptions, Http, care
from samsvar_adapters.mina_planer.admissions import care_contacts
from samsvar_adapters.mina_planer.client import resources_of
from samsvar_adapters.mina_planer.mapping import care_plans
from samsvar_adapters.mina_planer.tokens import Tokens

__all__ = ["ADAPTER"]


@dataclass(frozen=True, slots=True)
class MinaPlaner:
    """One for all questions: what it keeps is the tokens, by account."""

    tokens: Tokens = field(default_factory=Tokens)

    async def care_plans(
        self, query: care.CareQuery, address: str, options: AdapterOptions, http: Http
    ) -> Sequence[care.CarePlan]:
        """All plans of the person, of every status."""
        return care_plans(await resources_of(query, address, options, http, self.tokens), query)

    async def care_contacts(
        self, query: care.CareQuery, address: str, options: AdapterOptions, http: Http
    ) -> Sequence[care.CareContact]:
        """All admissions of the person; the system has no other contacts."""
        return care_contacts(await resources_of(query, address, options, http, self.tokens), query)


ADAPTER = MinaPlaner()
_: Adapter = ADAPTER  # interface guard
