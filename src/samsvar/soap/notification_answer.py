"""What another index answers to our ProcessNotification: taken, refused, or something else.

Refused means that it has looked at the changes and will not have them; anything else that is not
OK says nothing of them. No word of its answer is repeated: it may quote what was sent.
"""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from samsvar.errors import ProducerAnswerInvalid, ProducerFault, ProducerUnreachable
from samsvar.soap.index_messages import PROCESS_NOTIFICATION
from samsvar.soap.media_type import MediaTypeRefused, charset_of
from samsvar.soap.parsing import ANSWER_LIMITS, XmlRefused, parse
from samsvar.soap.rivta import BODY, FAULT

#: the codes by which an index refuses what a message says, not how or when it came
_REFUSALS: Final = frozenset({"EI001", "EI002", "EI004", "EI005", "EI006"})
_TOO_LARGE: Final = 413
_CODE = re.compile(r"[^A-Z0-9]*((?:EI|VP)[0-9]{3})\b", re.ASCII)
_TAKEN: Final = frozenset({"OK", "INFO"})
_RESPONSE: Final = f"{{{PROCESS_NOTIFICATION}}}ProcessNotificationResponse"


def read_notification_answer(status: int, content_type: str | None, body: bytes) -> str | None:
    """None: it has taken the changes. A text: it refuses them.

    Raises:
        ProducerUnreachable, ProducerFault, ProducerAnswerInvalid: it cannot be told.
    """
    if status == _TOO_LARGE:
        return f"it answered HTTP status {status}: too much at once"
    if status not in (200, 500):
        raise ProducerUnreachable(f"HTTP status {status}")
    if not body.strip():
        raise ProducerAnswerInvalid(f"HTTP status {status}, and an empty body")
    try:
        charset = None if content_type is None else charset_of(content_type)
        root = parse(body, charset=charset, limits=ANSWER_LIMITS).root
    except (XmlRefused, MediaTypeRefused) as error:
        raise ProducerAnswerInvalid(f"HTTP status {status}, and no message: {error}") from error
    element = root.find(f"{BODY}/*")
    if element is not None and element.tag == FAULT:
        return _refusal(element)
    if status != 200 or element is None or element.tag != _RESPONSE:
        raise ProducerAnswerInvalid(f"HTTP status {status}, and not this contract's answer")
    result = (element.findtext(f"{{{PROCESS_NOTIFICATION}}}ResultCode") or "").strip()
    if result in _TAKEN:
        return None
    if result == "ERROR":
        return "it answered ResultCode ERROR"
    raise ProducerAnswerInvalid("its ResultCode is none of OK, INFO and ERROR")


def _refusal(fault: etree._Element) -> str:
    found = _CODE.match(fault.findtext("faultstring") or "")
    code = found[1] if found else "of its own"
    if code in _REFUSALS:
        return f"it answered with the fault {code}"
    raise ProducerFault(f"it answered with a fault {code}")
