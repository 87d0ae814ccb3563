"""What is configured of the access rules: answers to questions that the law leaves open.

Knows each setting and its question. False is the cautious answer, and what holds until somebody
with the right to decide has decided. Knows no rule, no file and no environment: it is made of
the section ``[access]``, or of any mapping with the same keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of the configuration. Which rule each setting turns: ``docs/access.md``."""

    version: str = "cautious-1"
    sol_other_exception: bool = False
    boards_as_one: bool = False
    social_unit_blocks: bool = False
    care_coordination: bool = False
    emergency_social_care: bool = False
    guardian_consent: bool = False
    hide_existence: bool = False
    hide_blocked_from_citizen: bool = False
    citizen_blocked_social_care: bool = False
    citizen_released_parts: bool = False
    young_citizens: bool = False
    guardians_of_teenagers: bool = False
    adult_agents: bool = False

    @classmethod
    def of(cls, settings: Mapping[str, str | bool]) -> Policy:
        """A policy from a mapping; what it leaves out is cautious.

        Raises:
            ValueError: a key is unknown or a value is of the wrong kind; all of them are named.
        """
        faults = [f"{key}: no such setting" for key in settings if key not in SETTINGS]
        switches: dict[str, bool] = {}
        version = settings.get("version", cls().version)
        if not isinstance(version, str):
            faults.append("version: give a text")
        for key in SWITCHES:
            value = settings.get(key, False)
            if isinstance(value, bool):
                switches[key] = value
            else:
                faults.append(f"{key}: give true or false")
        if faults:
            raise ValueError("; ".join(faults))
        return cls(version=str(version), **switches)

    def turned(self, setting: str | None) -> bool:
        """Is this switch on?"""
        return setting is not None and bool(getattr(self, setting))


SETTINGS = tuple(one.name for one in fields(Policy))
SWITCHES = tuple(name for name in SETTINGS if name != "version")

CAUTIOUS = Policy()

#: the questions that people must decide -> what is asked
QUESTIONS: Mapping[str, str] = MappingProxyType(
    {
        "U1": "Does the emergency access of 3:6 reach data of an omsorgsgivare?",
        "U2": "May a guardian consent to an omsorgsgivare reading a vårdgivare's data on a child?",
        "U3": "May a citizen read own data that are blocked?",
        "U4": "When may an element under other parts of the social services act be shown?",
        "U5": "Can a unit of an omsorgsgivare be blocked?",
        "U6": "Are boards (nämnder) of one municipality one omsorgsgivare or several?",
        "U7": "Does coordination (3:1 3a) include coordination of a SIP?",
        "U10": "May an adult agent (ombud) read for the person?",
        "U11": "What may children, and guardians of teenagers, read?",
        "U12": "Does the fact that a SIP exists reveal too much?",
    }
)
