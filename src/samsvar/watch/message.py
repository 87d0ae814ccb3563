"""What an alert says when it leaves the house: an event for machines, lines for people.

No person is ever in it: ids of the registry, figures, times. Looked through once more all the same.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

import orjson

from samsvar.model.local_time import STOCKHOLM
from samsvar.model.words import Language, Words
from samsvar.observe.masking import masked
from samsvar.watch.alerts import Alert, Message, Phase
from samsvar.watch.rules import Severity

CLOUD_EVENT = "application/cloudevents+json; charset=utf-8"
SIGNATURE_HEADER = "x-samsvar-signature"
TIMESTAMP_HEADER = "x-samsvar-timestamp"


def link_of(base: str, subject: str, rule: str) -> str:
    """Where to look; without an address of the console, what the manual says of the rule."""
    if not base:
        return f"docs/alerts.md#{rule}"
    return f"{base.rstrip('/')}/alerts?subject={subject}"


def in_english(alert: Alert) -> dict[str, object]:
    """All that is known of it, for programs: its texts in English, as all that machines read."""
    texts = {"reason": str(alert.reason), "closed_reason": str(alert.closed_reason)}
    return {**asdict(alert), **texts, "title": str(alert.title)}


def cloud_event(message: Message, instance: str, link_base: str, language: Language) -> bytes:
    """A CloudEvent 1.0 in structured JSON. Its id is the same at every attempt."""
    alert = message.alert
    at = alert.closed if message.phase is Phase.CLOSED and alert.closed else alert.opened
    data = {
        "alert": alert.id,
        "rule": alert.rule,
        "severity": alert.severity.value,
        "subject": alert.subject,
        "language": language,
        "title": masked(alert.title.told(language)),
        "reason": masked(alert.reason.told(language)),
        "opened": _stamp(alert.opened),
        "closed": _stamp(alert.closed) if alert.closed else None,
        "closedReason": masked(alert.closed_reason.told(language)) or None,
        "link": link_of(link_base, alert.subject, alert.rule),
    }
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": f"{alert.id}-{message.phase.value}",
            "source": f"urn:samsvar:{instance}",
            "type": f"se.samsvar.alert.{message.phase.value}",
            "subject": alert.subject,
            "time": _stamp(at),
            "datacontenttype": "application/json",
            "data": data,
        }
    )


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What proves a message: HMAC-SHA256 over the timestamp, a full stop and the body."""
    told = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"v1={told.hexdigest()}"


#: the labels of a mail's lines
_WHY, _SINCE = Words("Varför", "Why"), Words("Sedan", "Since")
_ENDED, _LOOK = Words("Slutade", "Ended"), Words("Se", "Look at")
_RUN, _RULE = Words("Eller kör", "Or run"), Words("regel", "rule")
_HEADS: Mapping[str, Words] = {
    "over": Words("över", "over"),
    Severity.WARNING.value: Words("varning", "warning"),
    Severity.CRITICAL.value: Words("kritiskt", "critical"),
}


def as_mail(message: Message, instance: str, link_base: str, language: Language) -> tuple[str, str]:
    """Subject and text."""
    alert = message.alert
    over = message.phase is Phase.CLOSED
    head = _HEADS["over" if over else alert.severity.value].told(language)
    title = alert.title.told(language)
    told = [(_WHY, alert.reason.told(language)), (_SINCE, _local(alert.opened))]
    if over and alert.closed:
        ended = f"{_local(alert.closed)}, {alert.closed_reason.told(language)}"
        told.append((_ENDED, ended))
    told += [
        (_LOOK, link_of(link_base, alert.subject, alert.rule)),
        (_RUN, f"samsvar alerts list --id {alert.id}"),
    ]
    lines = [f"{label.told(language) + ':':11}{text}" for label, text in told]
    foot = f"Samsvar {instance}, {_RULE.told(language)} {alert.rule}"
    text = "\n".join([title, "", *lines, "", foot, ""])
    return f"[{instance}] {head}: {masked(title)}", masked(text)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"
