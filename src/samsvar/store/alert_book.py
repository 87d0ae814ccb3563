"""Alerts and their messages in the database: what survives a restart.

That an alert is open once is kept by a unique index. Knows rows; knows no rule and no channel.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.model.words import Words
from samsvar.store.database import Database
from samsvar.store.lease import stamp
from samsvar.store.upsert import insert
from samsvar.store.watch_tables import ALERT, ALERT_MESSAGE
from samsvar.watch.alerts import Alert, Book, Message, Phase
from samsvar.watch.rules import Severity

_LONGEST_FAILURE = 300


class SqlAlertBook:
    """Implements ``watch.alerts.Book``."""

    def __init__(self, database: Database, channels: Collection[str] = ()) -> None:
        """``channels``: those that messages are kept for."""
        self._database = database
        self._channels = tuple(channels)

    def open_ones(self) -> Sequence[Alert]:
        """Those that are open, the oldest first."""
        return self._read(
            sa.select(ALERT).where(ALERT.c.closed.is_(None)).order_by(ALERT.c.opened, ALERT.c.id)
        )

    def latest(self, most: int) -> Sequence[Alert]:
        """Open and closed ones, the newest first."""
        return self._read(sa.select(ALERT).order_by(ALERT.c.opened.desc(), ALERT.c.id).limit(most))

    def change(self, opened: Sequence[Alert], closed: Sequence[Alert], due: datetime) -> None:
        """Keep what has changed, and the messages of it, in one step."""
        with self._writing() as connection:
            for alert in opened:
                connection.execute(sa.insert(ALERT).values(**_row(alert)))
                self._tell(connection, alert, Phase.OPENED, due)
            for alert in closed:
                assert alert.closed is not None
                connection.execute(
                    sa.update(ALERT)
                    .where(ALERT.c.id == alert.id)
                    .values(closed=stamp(alert.closed), closed_reason=_kept(alert.closed_reason))
                )
                for channel in self._channels:
                    if not _withdrawn(connection, alert, channel):
                        self._tell(connection, alert, Phase.CLOSED, due, (channel,))

    def acknowledge(self, name: str, who: str, now: datetime) -> bool:
        """Note that somebody looks after it. False: there is no such open alert."""
        with self._writing() as connection:
            done = connection.execute(
                sa.update(ALERT)
                .where(ALERT.c.id == name, ALERT.c.closed.is_(None))
                .values(acknowledged=stamp(now), acknowledged_by=who)
            )
        return done.rowcount == 1

    def due(self, now: datetime, most: int) -> Sequence[Message]:
        """Messages to be delivered now. An end waits for its beginning to be told."""
        message, first = ALERT_MESSAGE, ALERT_MESSAGE.alias()
        waits = sa.exists().where(
            first.c.alert == message.c.alert,
            first.c.channel == message.c.channel,
            first.c.phase == Phase.OPENED.value,
            message.c.phase == Phase.CLOSED.value,
            first.c.due.is_not(None),
        )
        statement = (
            sa.select(message.c.phase, message.c.channel, message.c.attempts, *ALERT.c)
            .join(ALERT, ALERT.c.id == message.c.alert)
            .where(message.c.due.is_not(None), message.c.due <= stamp(now), ~waits)
            .order_by(message.c.due, message.c.alert, message.c.phase.desc())
            .limit(most)
        )
        with self._reading() as connection:
            rows = connection.execute(statement).mappings().all()
        return [
            Message(_alert(row), Phase(row["phase"]), row["channel"], row["attempts"])
            for row in rows
        ]

    def delivered(self, message: Message, now: datetime) -> None:
        """It has been taken."""
        self._settle(message, due=None, delivered=stamp(now), failure="")

    def put_off(self, message: Message, until: datetime | None, reason: str) -> None:
        """Try again then; None: given up."""
        due = stamp(until) if until else None
        self._settle(message, due=due, failure=reason[:_LONGEST_FAILURE])

    def undelivered(self) -> Sequence[tuple[str, str, int, str]]:
        """Alert, channel, attempts and reason of what could not be told, or was given up."""
        message = ALERT_MESSAGE.c
        statement = (
            sa.select(message.alert, message.channel, message.attempts, message.failure)
            .where(message.failure != "", message.delivered.is_(None))
            .order_by(message.alert)
        )
        with self._reading() as connection:
            return [tuple(row) for row in connection.execute(statement)]

    def forget(self, before: datetime) -> None:
        """Drop alerts that were closed before that."""
        old = sa.select(ALERT.c.id).where(ALERT.c.closed < stamp(before))
        with self._writing() as connection:
            connection.execute(sa.delete(ALERT_MESSAGE).where(ALERT_MESSAGE.c.alert.in_(old)))
            connection.execute(sa.delete(ALERT).where(ALERT.c.closed < stamp(before)))

    def _tell(
        self,
        connection: sa.Connection,
        alert: Alert,
        phase: Phase,
        due: datetime,
        channels: Sequence[str] | None = None,
    ) -> None:
        for channel in self._channels if channels is None else channels:
            put = insert(connection, ALERT_MESSAGE).values(
                alert=alert.id,
                phase=phase.value,
                channel=channel,
                due=stamp(due),
                attempts=0,
                failure="",
            )
            connection.execute(put.on_conflict_do_nothing())

    def _settle(self, message: Message, **values: str | None) -> None:
        table = ALERT_MESSAGE.c
        with self._writing() as connection:
            connection.execute(
                sa.update(ALERT_MESSAGE)
                .where(
                    table.alert == message.alert.id,
                    table.phase == message.phase.value,
                    table.channel == message.channel,
                )
                .values(attempts=message.attempts + 1, **values)
            )

    def _read(self, statement: sa.Select[tuple[object, ...]]) -> list[Alert]:
        with self._reading() as connection:
            return [_alert(row) for row in connection.execute(statement).mappings()]

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        try:
            with self._database.read() as connection:
                yield connection
        except sa.exc.SQLAlchemyError as error:
            raise ResourcesMissing(f"the alerts cannot be read ({type(error).__name__})") from error

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        try:
            with self._database.write() as connection, connection.begin():
                yield connection
        except sa.exc.SQLAlchemyError as error:
            raise ResourcesMissing(f"the alerts cannot be kept ({type(error).__name__})") from error


def _withdrawn(connection: sa.Connection, alert: Alert, channel: str) -> bool:
    """Whether its beginning was held back, and nobody heard of it: then nobody hears of its end.
    One whose beginning was tried in vain is told whole."""
    table = ALERT_MESSAGE.c
    done = connection.execute(
        sa.delete(ALERT_MESSAGE).where(
            table.alert == alert.id,
            table.channel == channel,
            table.phase == Phase.OPENED.value,
            table.delivered.is_(None),
            table.attempts == 0,
            table.due > stamp(alert.closed or alert.opened),
        )
    )
    return done.rowcount > 0


def _row(alert: Alert) -> dict[str, str | None]:
    return {
        "id": alert.id,
        "rule": alert.rule,
        "subject": alert.subject,
        "severity": alert.severity.value,
        "opened": stamp(alert.opened),
        "reason": _kept(alert.reason),
        "closed": stamp(alert.closed) if alert.closed else None,
        "closed_reason": _kept(alert.closed_reason),
        "acknowledged": None,
        "acknowledged_by": "",
    }


def _alert(row: sa.RowMapping) -> Alert:
    return Alert(
        row["id"],
        row["rule"],
        row["subject"],
        Severity(row["severity"]),
        datetime.fromisoformat(row["opened"]),
        _words(row["reason"]),
        _moment(row["closed"]),
        _words(row["closed_reason"]),
        _moment(row["acknowledged"]),
        row["acknowledged_by"],
    )


def _kept(words: Words) -> str:
    """One line in English, one in Swedish: an older program shows both."""
    english, swedish = (" ".join(text.split()) for text in (words.english, words.swedish))
    return f"{english}\n{swedish}" if swedish != english else english


def _words(text: str) -> Words:
    """A row of an older program has English alone."""
    english, _, swedish = text.partition("\n")
    return Words(swedish or english, english)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


_: type[Book] = SqlAlertBook  # interface guard
