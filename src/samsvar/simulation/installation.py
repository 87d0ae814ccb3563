"""Where a simulated source system stands in the demo: its address, owner and options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Installation:
    """An adapter's ``simulator.py`` has one, called ``INSTALLATION``. Secrets stand in the open:
    they open nothing but the simulator."""

    hsa_id: str
    title: str
    owner: str
    options: Mapping[str, str] = field(default_factory=dict)
