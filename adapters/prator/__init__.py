"""Prator: a message and case system; its flow of messages is folded into one plan.

Plans only. ``client`` asks, ``answer`` reads the bytes, ``mapping`` makes the plans.
"""

from samsvar.adapter_api import Adapter
from samsvar_adapters.prator.client import PratorAdapter

__all__ = ["ADAPTER"]

ADAPTER = PratorAdapter()

_: Adapter = ADAPTER  # interface guard
