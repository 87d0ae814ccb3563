"""Records of the access log to another hub by the message broker, which delivers them from there.

For a hub that cannot reach the log service itself. Taken means: the broker has them on disk, in
that hub's queues, sealed for it. Implements ``log_ports.LogService``; when, how often and how many
is not decided here.
"""

from __future__ import annotations

from collections.abc import Sequence

from samsvar.broker.durable import LOG_RECORDS, part_of
from samsvar.broker.durable_end import DurableEnd
from samsvar.broker.durable_message import sealed_message
from samsvar.broker.keys import KeyPair, PublicKey
from samsvar.broker.log_records import RECORDS, contents
from samsvar.model.log_entry import LogEntry, LogRefusal
from samsvar.outbound.confirmed import confirmed_within
from samsvar.pipeline.log_ports import LogService

_NOBODY = (
    "no queue at the message broker takes records of the access log: has the hub of [audit]"
    " store_log_through been started with store_log_for?"
)


class BrokerLogService:
    """The way to one hub."""

    def __init__(self, end: DurableEnd, keys: KeyPair, address: str, receiver: PublicKey) -> None:
        """``address``: of that hub; ``receiver``: its key."""
        self._end = end
        self._keys = keys
        self._address = address
        self._receiver = receiver

    async def store(
        self, receiver: str, entries: Sequence[LogEntry], patience: float
    ) -> LogRefusal | None:
        """None: the broker has them all. A refusal: none of them can go by a message.

        Raises:
            WayBlocked: it may not have all. What it has comes again, and has no second effect.
        """
        messages = [
            sealed_message(
                RECORDS, self._keys, self._receiver, self._address, one, len(one.records)
            )
            for one in contents(receiver, entries)
        ]
        if any(len(body) > RECORDS.most_bytes for _, body in messages):
            return LogRefusal("a record is too large for a message", duplicate=False)
        # All of one care giver goes by one queue, message after message: one that is refused must
        # not be overtaken by those behind it.
        key = LOG_RECORDS.key(self._address, part_of(receiver))
        async with confirmed_within(patience, _NOBODY):
            for name, body in messages:
                await self._end.publish(
                    LOG_RECORDS, key, body, content_type=RECORDS.content_type, name=name
                )
        return None


_: type[LogService] = BrokerLogService  # interface guard
