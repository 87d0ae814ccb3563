"""Fan out: every recipient at once, inside one deadline; one outcome for each.

An answer that comes after the deadline is not waited for and never merged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from samsvar.errors import (
    NotRouted,
    ProducerDisabled,
    ProducerError,
    ProducerSaidNo,
    ProducerTimedOut,
)
from samsvar.model.breaker import Fared
from samsvar.model.catalogue import Disabled
from samsvar.model.exchange import Answered, Call, Failed, Outcome, Question, Recipient, Reply
from samsvar.model.local_time import STOCKHOLM
from samsvar.pipeline.health import fared
from samsvar.ports import World


async def fan_out(
    call: Call, question: Question, recipients: Sequence[Recipient], world: World
) -> Sequence[Outcome]:
    """Ask all recipients. ``len(outcomes) == len(recipients)``, in the same order."""
    clock, rules = world.clock, world.rules

    async def ask(position: int, recipient: Recipient) -> Outcome:
        begun = clock.monotonic()
        try:
            if position >= rules.most_recipients:
                raise NotRouted(f"not asked: more than {rules.most_recipients} sources")
            if recipient.entry is None:
                raise NotRouted("the service catalogue has no single route to it")
            disabled = recipient.entry.producer.out_of_service(clock.now())
            if disabled is not None:
                raise ProducerDisabled(_notice(disabled))
            patience = call.deadline - rules.margin - begun
            if recipient.entry.producer.timeout is not None:
                patience = min(patience, recipient.entry.producer.timeout)
            if patience <= 0:
                raise ProducerTimedOut("timeout: no time was left to ask it")
            reply = await _asked(call, question, recipient, patience, world)
        except ProducerError as error:
            return failed(recipient, error, world, clock.monotonic() - begun)
        return Answered(recipient, clock.now(), clock.monotonic() - begun, reply)

    if len(recipients) == 1:
        return (await ask(0, recipients[0]),)
    # Anything but a ProducerError is our own bug: the group cancels the rest, and we fault.
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(ask(position, recipient))
            for position, recipient in enumerate(recipients)
        ]
    return tuple(task.result() for task in tasks)


async def _asked(
    call: Call, question: Question, recipient: Recipient, patience: float, world: World
) -> Reply:
    """The reply of a producer that may be asked; its breaker hears how it went, whatever that is.

    Raises:
        ProducerError: as it went.
    """
    clock, entry = world.clock, recipient.entry
    assert entry is not None
    producer = entry.producer
    leave = await world.breakers.admit(producer, question.contract.urn, call.correlation_id)
    begun = clock.monotonic()
    how, come_back = Fared.NEITHER, 0.0
    try:
        async with asyncio.timeout(patience):
            reply = await world.transport.ask(call, question, recipient, patience)
    except TimeoutError:
        elapsed = clock.monotonic() - begun
        late = ProducerTimedOut(_late(elapsed))
        how = fared(late, producer, patience, elapsed, world.rules.fair_seconds)
        raise late from None
    except ProducerError as error:
        elapsed = clock.monotonic() - begun
        how = fared(error, producer, patience, elapsed, world.rules.fair_seconds)
        come_back = error.come_back
        raise
    else:
        how = Fared.WELL
        return reply
    finally:
        leave.fared(how, question.subject, come_back)


def failed(recipient: Recipient, error: ProducerError, world: World, elapsed: float) -> Failed:
    """The outcome of a recipient that gave nothing."""
    return Failed(
        recipient,
        world.clock.now(),
        elapsed,
        code=error.code,
        agent=error.agent,
        wire_code=error.wire_code,
        text=str(error),
        raw=error.raw if isinstance(error, ProducerSaidNo) else None,
        by=error.by,
    )


def _notice(disabled: Disabled) -> str:
    if disabled.until is None:
        return f"not asked: maintenance; {disabled.notice}"
    until = f"{disabled.until.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"
    return f"not asked: maintenance until {until}; {disabled.notice}"


def _late(elapsed: float) -> str:
    return f"timeout: no whole answer within {elapsed:.1f} s"
