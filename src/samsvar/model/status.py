"""How one source fared, in the words of the national status header.

Source: ``urn:riv:interoperability:headers:1``, the table of four status codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class StatusCode(StrEnum):
    """What the consumer may conclude about one source."""

    DATA_FROM_SOURCE = "DataFromSource"
    DATA_FROM_CACHE = "DataFromCache"
    DATA_FROM_CACHE_SYNCH_FAILED = "DataFromCacheSynchFailed"
    NO_DATA_SYNCH_FAILED = "NoDataSynchFailed"


class CausingAgent(StrEnum):
    """Who must be looked at when a source gave no data."""

    SERVICE_CATALOG = "service_catalog"
    VIRTUALIZATION_PLATFORM = "virtualization_platform"
    SERVICE_PRODUCER = "service_producer"
    ENGAGEMENT_INDEX = "engagement_index"
    OTHER = "other"


#                                       from cache, in synch
FLAGS: dict[StatusCode, tuple[bool, bool]] = {
    StatusCode.DATA_FROM_SOURCE: (False, True),
    StatusCode.DATA_FROM_CACHE: (True, True),
    StatusCode.DATA_FROM_CACHE_SYNCH_FAILED: (True, False),
    StatusCode.NO_DATA_SYNCH_FAILED: (False, False),
}


@dataclass(frozen=True, slots=True)
class StatusError:
    """Why there is no data: ``code`` is what consumers of the national platform know
    (500 fault, 504 late, 43000 anything else); ``text`` holds no personal data."""

    agent: CausingAgent
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class StatusRecord:
    """One row of ProcessingStatus. ``at`` is when the source answered or was given up."""

    logical_address: str
    code: StatusCode
    at: datetime
    error: StatusError | None = None
