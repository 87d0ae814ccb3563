"""What an operator may set: one TOML file and the environment, read once, refused as a whole.

The one place that reads the environment. Every setting has a row in ``docs/settings.md``.
"""

from __future__ import annotations

from samsvar.settings.hub import HubSettings, LimitSettings, ListenSettings
from samsvar.settings.law import AccessSettings, SecuritySettings
from samsvar.settings.operators import ConsoleSettings
from samsvar.settings.people import ClaimSettings, IssuerSettings, UserSettings
from samsvar.settings.reading import SettingsInvalid, load, read_secret, taken_from_environment
from samsvar.settings.sources import SECURED, BrokerSettings, ProducerSettings
from samsvar.settings.values import PurposeWord, RuleId, fault_of_url
from samsvar.settings.whole import Settings

__all__ = [
    "SECURED",
    "AccessSettings",
    "BrokerSettings",
    "ClaimSettings",
    "ConsoleSettings",
    "HubSettings",
    "IssuerSettings",
    "LimitSettings",
    "ListenSettings",
    "ProducerSettings",
    "PurposeWord",
    "RuleId",
    "SecuritySettings",
    "Settings",
    "SettingsInvalid",
    "UserSettings",
    "fault_of_url",
    "load",
    "read_secret",
    "taken_from_environment",
]
