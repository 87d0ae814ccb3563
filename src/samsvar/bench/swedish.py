"""What the schema says of an answer, in Swedish: for the sentences of the report.

Knows the sentences of ``soap.schema``, which are a fixed few, and nothing of who wrote the answer.
"""

from __future__ import annotations

import re

SENTENCES = {
    "element missing at the end": "ett element saknas på slutet",
    "unexpected element, or one before it is missing": "oväntat element, eller så saknas ett före",
    "unexpected element after an extension": "oväntat element efter en utökning",
    "expected here": "väntat här",
    "value not of the allowed form": "värdet har fel form",
    "value not of the allowed length": "värdet har fel längd",
    "value not among the allowed ones": "värdet är inget av de tillåtna",
    "value not of the allowed type": "värdet är av fel typ",
    "unknown attribute": "okänt attribut",
    "text not allowed between elements": "text mellan element är inte tillåten",
    "element not allowed inside a simple value": "element i ett enkelt värde är inte tillåtet",
    "xsi:nil not allowed": "xsi:nil är inte tillåtet",
    "unknown xsi:type": "okänd xsi:type",
    "xsi:type not allowed": "xsi:type är inte tillåtet",
    "does not follow the schema": "följer inte schemat",
}
_ANY = re.compile("|".join(re.escape(one) for one in sorted(SENTENCES, key=len, reverse=True)))


def in_swedish(text: str) -> str:
    """The same text, with the schema's sentences in Swedish; paths and names stay."""
    return _ANY.sub(lambda found: SENTENCES[found[0]], text)
