"""The breakers of one process: one for each producer and contract, made when it is first asked.

Implements ``guard_ports.Breakers``. Decides in memory; waits for nobody but, before a probe, for
what processes share, and that for some milliseconds. Knows no Redis and no database.
Long, as every change of a breaker's state is made here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from samsvar.errors import BreakerOpen
from samsvar.guard_ports import Breakers, Leave
from samsvar.guards.ports import BreakerWatch, SharedBreakers
from samsvar.model.breaker import Breaker, BreakerRule, Fared, Hold, State, Ticket
from samsvar.model.catalogue import Producer
from samsvar.model.holds import BY_ITSELF, BreakerHold
from samsvar.model.identifiers import ContractUrn, PersonId
from samsvar.model.local_time import STOCKHOLM
from samsvar.ports import Clock, Events

Key = tuple[str, ContractUrn]
_ALL = ContractUrn("")
"""In a hold: all the producer's contracts."""


@dataclass(frozen=True, slots=True)
class BreakerStanding:
    """How one breaker stands."""

    producer: str
    contract: ContractUrn
    state: State
    until: datetime | None
    """Open: when a question goes through again, as far as that is known."""
    calls: int = 0
    ill: int = 0
    hold: BreakerHold | None = None


def held_back(standings: Iterable[BreakerStanding]) -> dict[str, bool]:
    """Each producer, and whether questions to it are held back: of any of its contracts."""
    found: dict[str, bool] = {}
    for one in standings:
        found[one.producer] = found.get(one.producer, False) or one.state is not State.CLOSED
    return found


class BreakerTable:
    """All breakers of the process."""

    def __init__(
        self,
        rule: BreakerRule,
        clock: Clock,
        events: Events,
        *,
        enabled: bool = True,
        shared: SharedBreakers | None = None,
        behind: Callable[[], bool] = bool,
        watch: BreakerWatch | None = None,
    ) -> None:
        """``enabled`` False: none opens by counting; holds count all the same. ``behind``: whether
        this process itself is late with its work."""
        self._rule = rule
        self._clock = clock
        self._events = events
        self._enabled = enabled
        self._shared = shared
        self._behind = behind
        self._watch = watch
        self._breakers: dict[Key, Breaker] = {}
        self._holds: dict[Key, BreakerHold] = {}
        self.to_keep: list[BreakerHold] = []
        """Holds made here, which have not been written yet."""
        self.to_tell: dict[Key, State] = {}
        """Changes made here, of which the other processes have not been told yet."""
        self.nudge: Callable[[], None] = _nothing
        """Called when there is something to keep or tell."""

    async def admit(self, producer: Producer, contract: ContractUrn, correlation_id: str) -> Leave:
        """Leave to ask.

        Raises:
            BreakerOpen: not now.
        """
        key = (producer.id, contract)
        breaker = self._breakers.get(key)
        if breaker is None:
            breaker = self._made(key)
        ticket = breaker.admit(self._clock.monotonic())
        if ticket is None:
            raise BreakerOpen(self._notice(breaker))
        if ticket.probe:
            if not await self._may_probe(key, breaker, ticket):
                raise BreakerOpen(self._notice(breaker))
            self._changed(key, State.HALF_OPEN, correlation_id, "one question tries it")
        return _Leave(self, key, breaker, ticket, correlation_id)

    async def _may_probe(self, key: Key, breaker: Breaker, ticket: Ticket) -> bool:
        """Whether no other process is at it. None can say: then this one tries."""
        if self._shared is None:
            return True
        try:
            may = await self._shared.probe(key_text(key))
        except BaseException:
            breaker.fared(ticket, Fared.NEITHER, self._clock.monotonic())
            raise
        if may is False:
            breaker.fared(ticket, Fared.NEITHER, self._clock.monotonic())
        return may is not False

    def foreign(self, producer: Producer, contract: ContractUrn, correlation_id: str) -> None:
        """Shut it off, in memory at once; it is written as soon as may be."""
        key = (producer.id, contract)
        held = self._holds.get(key)
        if held is not None and held.open and held.until is None:
            return
        hold = BreakerHold(
            producer.id,
            contract,
            open=True,
            reason=f"somebody else's records came: samsvar explain {correlation_id}",
            by=BY_ITSELF,
            at=self._clock.now(),
        )
        self._holds[key] = hold
        self.to_keep.append(hold)
        self._made(key).held(Hold(True, None))
        self._changed(key, State.OPEN, correlation_id, hold.reason)
        self.nudge()

    def ended(self, leave: _Leave, how: Fared, subject: PersonId, come_back: float) -> None:
        """A call is over."""
        key, breaker, ticket = leave.key, leave.breaker, leave.ticket
        if how is Fared.ILL and (not self._enabled or self._behind()):
            how = Fared.NEITHER  # whoever is late itself cannot tell that somebody else is
        now = self._clock.monotonic()
        if how is not Fared.ILL and not ticket.probe:
            breaker.fared(ticket, how, now)
            return
        counted = breaker.counted
        became = breaker.fared(ticket, how, now, hash(subject), come_back)
        if became is None:
            if ticket.probe and self._shared is not None:
                self.to_tell.setdefault(key, State.HALF_OPEN)
                self.nudge()
            return
        why = "it answers again"
        if became is State.OPEN:
            why = "it is still ill"
            if not ticket.probe:
                why = f"{counted[1] + 1} of its last {counted[0] + 1} calls went ill"
        self._changed(key, became, leave.trace, why)
        if self._shared is not None:
            self.to_tell[key] = became
            self.nudge()

    def hold(self, holds: Iterable[BreakerHold]) -> None:
        """What is held now, all of it, beside what has not been written yet."""
        before = self._holds
        self._holds = {(one.producer, one.contract): one for one in holds}
        self._holds |= {(one.producer, one.contract): one for one in self.to_keep}
        for key in {*self._breakers, *self._holds}:
            if key[1] != _ALL:
                self._apply(key, before)

    def _apply(self, key: Key, before: dict[Key, BreakerHold]) -> None:
        found, was = hold_of(self._holds, key), hold_of(before, key)
        if found is None and was is None:
            return
        breaker = self._breakers.get(key) or self._made(key)
        old = breaker.state(self._clock.monotonic())
        if was is not None:  # also if its time has run out since
            old = State.OPEN if was.open else State.CLOSED
        breaker.held(self._in_seconds(found))
        if found is not None and not found.open and (was is None or was.at != found.at):
            breaker.told_closed()
            if self._shared is not None:
                self.to_tell[key] = State.CLOSED
        state = breaker.state(self._clock.monotonic())
        if state is not old:
            by = f"{found.by}: {found.reason}" if found else "nobody holds it any more"
            self._changed(key, state, "-", by)

    def _in_seconds(self, hold: BreakerHold | None) -> Hold | None:
        if hold is None:
            return None
        if hold.until is None:
            return Hold(hold.open, None)
        left = (hold.until - self._clock.now()).total_seconds()
        return Hold(hold.open, self._clock.monotonic() + left)

    def told(self, open_elsewhere: dict[Key, float]) -> None:
        """What other processes know, for those of which we have nothing newer to tell."""
        now = self._clock.monotonic()
        for key, seconds in open_elsewhere.items():
            if key not in self.to_tell and self._made(key).told_open(seconds, now):
                self._changed(key, State.OPEN, "-", "another process has opened it")
        for key, breaker in self._breakers.items():
            gone = key not in open_elsewhere and key not in self.to_tell
            if gone and breaker.state(now) is not State.HALF_OPEN and breaker.told_closed():
                self._changed(key, State.CLOSED, "-", "another process has closed it")

    def tell_all(self) -> None:
        """What is shared may have been lost: tell all that are open once more."""
        for key, breaker in self._breakers.items():
            if breaker.opened_itself:
                self.to_tell.setdefault(key, State.OPEN)

    def seconds_left(self, key: Key) -> float:
        """Until a probe is due."""
        until = self._breakers[key].probe_due
        return 0.0 if until is None else until - self._clock.monotonic()

    def standings(self) -> Sequence[BreakerStanding]:
        """All that have been asked, or are held."""
        now, moment = self._clock.monotonic(), self._clock.now()
        found = []
        for key, breaker in sorted(self._breakers.items()):
            until = breaker.until(now)
            calls, ill = breaker.counted
            found.append(
                BreakerStanding(
                    *key,
                    breaker.state(now),
                    moment + timedelta(seconds=max(0.0, until - now)) if until else None,
                    calls,
                    ill,
                    hold_of(self._holds, key) if breaker.hold(now) else None,
                )
            )
        return found

    def _made(self, key: Key) -> Breaker:
        breaker = self._breakers.get(key)
        if breaker is None:
            breaker = self._breakers[key] = Breaker(self._rule)
            breaker.held(self._in_seconds(hold_of(self._holds, key)))
        return breaker

    def _notice(self, breaker: Breaker) -> str:
        now = self._clock.monotonic()
        until, held = breaker.until(now), breaker.hold(now) is not None
        if until is None:
            return "not asked: out of service until further notice"
        left = until - now
        if left <= 0:
            return "not asked: temporarily out of service; it is being tried just now"
        moment = (self._clock.now() + timedelta(seconds=left)).astimezone(STOCKHOLM)
        how = "" if held else "temporarily "
        return f"not asked: {how}out of service until {moment:%Y-%m-%d %H:%M:%S}"

    def _changed(self, key: Key, state: State, trace: str, why: str) -> None:
        producer, contract = key
        told = {"producer": producer, "contract": contract, "detail": why}
        match state:
            case State.OPEN:
                self._events.emit("breaker-opened", trace, **told)
            case State.HALF_OPEN:
                self._events.emit("breaker-half-open", trace, **told)
            case State.CLOSED:
                self._events.emit("breaker-closed", trace, **told)
        if self._watch is not None:
            self._watch(producer, contract, state)


@dataclass(slots=True)
class _Leave:
    """Leave to ask once."""

    table: BreakerTable
    key: Key
    breaker: Breaker
    ticket: Ticket
    trace: str

    def fared(self, how: Fared, subject: PersonId, come_back: float = 0.0) -> None:
        """Give it back."""
        self.table.ended(self, how, subject, come_back)


def key_text(key: Key) -> str:
    """As processes tell each other of it: ids have no ``|`` in them."""
    return "|".join(key)


def key_of(text: str) -> Key:
    """What ``key_text`` has written."""
    producer, _, contract = text.partition("|")
    return producer, ContractUrn(contract)


def hold_of(holds: Mapping[Key, BreakerHold], key: Key) -> BreakerHold | None:
    """What holds it: its own hold, or its producer's. Open goes before closed."""
    found = [hold for hold in (holds.get(key), holds.get((key[0], _ALL))) if hold is not None]
    return next((hold for hold in found if hold.open), found[0] if found else None)


def _nothing() -> None:
    """Nobody waits for it."""


_: type[Breakers] = BreakerTable  # interface guard
