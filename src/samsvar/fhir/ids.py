"""Ids of resources: the same for the same thing, and silent about what that thing is.

Knows one keyed hash. Knows no resource, and not where the key is kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable

from samsvar.fhir.datatypes import ResourceIds

LEAST_KEY = 32


def keyed_ids(key: bytes) -> ResourceIds:
    """Ids by HMAC-SHA256, in 52 small letters and digits.

    Without the key nobody can tell whether an id stands for a number that he has guessed.

    Raises:
        ValueError: the key is shorter than 32 bytes.
    """
    if len(key) < LEAST_KEY:
        raise ValueError(f"a key for ids must have {LEAST_KEY} bytes or more")

    def make(*parts: str) -> str:
        # each part with its length, so that two lists never make one text
        text = "".join(f"{len(part)}:{part}" for part in parts)
        digest = hmac.digest(key, text.encode("utf-8", errors="surrogatepass"), hashlib.sha256)
        return base64.b32encode(digest).decode("ascii").rstrip("=").lower()

    return make


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The names in their order, made different where a source has given one name to several."""
    seen: Counter[str] = Counter()
    made: list[str] = []
    for name in names:
        seen[name] += 1
        made.append(name if name and seen[name] == 1 else f"{name}\x1f{seen[name]}")
    return tuple(made)
