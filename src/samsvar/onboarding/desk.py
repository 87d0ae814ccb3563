"""The desk where producers are registered, looked at, published and put out of service.

One method for each thing that can be done, for every door: each looks whether the user may, and
whether things stand so that it can be. Plain functions that take milliseconds: call them outside
the event loop. Knows no HTTP, no SQL.
"""

from __future__ import annotations

from samsvar.onboarding.publication import Publication
from samsvar.onboarding.records import Standing
from samsvar.onboarding.registration import Registration

__all__ = ["ProducerDesk", "Standing"]


class ProducerDesk(Registration, Publication):
    """Everything that is done with producers from outside."""
