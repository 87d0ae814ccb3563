"""SAMSA, Västra Götaland: plans over SOAP 1.1 with attachments as MTOM.

``client`` asks, ``messages`` and ``multipart`` read the wire, ``mapping``, ``parts`` and
``attachments`` make canonical plans of what came, by the codes in ``tables``.
"""

from __future__ import annotations

from samsvar.adapter_api import Adapter
from samsvar_adapters.samsa.client import SamsaAdapter

ADAPTER = SamsaAdapter()

_: Adapter = ADAPTER  # interface guard
