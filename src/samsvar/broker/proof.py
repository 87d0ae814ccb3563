"""What a broker must do before it is trusted with anything: tried, not believed.

RabbitMQ: what nobody takes comes back; what does not fit is refused, and nothing older is dropped
for it. Redis: it writes down what it has taken, and throws nothing out when it is full. Runs on a
connection that is open, in whatever thread has it.
"""

from __future__ import annotations

import contextlib
import secrets
import ssl
from collections.abc import Callable, Iterator
from typing import Any

from amqp.exceptions import AMQPError
from kombu import Connection

from samsvar.broker.address import MEMORY, REDIS, connect, connection, kind_of
from samsvar.broker.topology import CLASSIC, EXCHANGES, PROBE, REFUSING, QueuePlan
from samsvar.settings import BrokerSettings

_WAIT = 5.0
_MOST_IN_ONE = 10
"""Messages that a quorum queue for one may take: it counts a little late."""


class BrokerUnsafe(Exception):
    """It would lose messages, or may be losing them. The text says what to change."""


class BrokerSilent(Exception):
    """It does not say what it does: what it would do cannot be known yet."""


def prove(settings: BrokerSettings, open_connection: Connection, channel: Any) -> None:
    """Try it.

    Raises:
        BrokerUnsafe: it failed.
        BrokerSilent: it could not be tried, as under a memory or disk alarm.
    """
    kind = kind_of(settings)
    if kind == MEMORY:
        return
    if kind == REDIS:
        _prove_redis(channel)
    else:
        _prove_rabbitmq(open_connection, channel)


def examined(settings: BrokerSettings, read_secret: Callable[[str], str]) -> Iterator[str]:
    """For ``samsvar check``: what is wrong, and notes of what was found.

    Raises:
        Exception: it cannot be reached or used; ``broker.link.told`` says why.
    """
    reached = connection(settings, read_secret)
    try:
        connect(reached)
        channel = reached.channel()
        for name, kind in EXCHANGES.items():
            channel.exchange_declare(name, kind, durable=True, auto_delete=False)
        try:
            prove(settings, reached, channel)
        except (BrokerUnsafe, BrokerSilent) as error:
            yield str(error)
        if kind_of(settings) not in (MEMORY, REDIS):
            yield from _notes(reached)
    finally:
        with contextlib.suppress(Exception):
            reached.collect(socket_timeout=1.0)


def _prove_redis(channel: Any) -> None:
    persistence, memory = channel.client.info("persistence"), channel.client.info("memory")
    if not int(persistence.get("aof_enabled", 0)):
        raise BrokerUnsafe(
            "Redis forgets what it has taken when it dies: set appendonly yes in redis.conf"
        )
    policy = memory.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        raise BrokerUnsafe(
            f"Redis throws messages out when it is full ({policy}):"
            " set maxmemory-policy noeviction in redis.conf"
        )


def _prove_rabbitmq(reached: Connection, channel: Any) -> None:
    returned: list[str] = []
    settled: list[bool] = []

    def came_back(_error: object, _exchange: str, key: str, _message: object) -> None:
        returned.append(key)

    def acknowledged(_tag: int, _multiple: bool) -> None:
        settled.append(True)

    def refused(_tag: int, _multiple: bool) -> None:
        settled.append(False)

    probe = reached.channel()
    try:
        probe.events["basic_return"].add(came_back)
        probe.events["basic_ack"].add(acknowledged)
        probe.events["basic_nack"].add(refused)
        probe.confirm_select()
        probe.exchange_declare(PROBE, "direct", durable=True, auto_delete=False)
        name = f"{PROBE}.{secrets.token_hex(8)}"
        _publish(probe, name)
        _until(reached, lambda: len(settled) == 1)
        if returned != [name]:
            raise BrokerUnsafe(
                "the broker does not send back what nobody takes: is it RabbitMQ, and does no"
                f" alternate exchange or other binding stand at {PROBE}?"
            )
        probe.queue_declare(
            queue=name,
            durable=False,
            exclusive=True,
            auto_delete=True,
            arguments={**CLASSIC, **REFUSING, "x-max-length": 1},
        )
        probe.queue_bind(name, PROBE, name)
        for _ in range(2):
            _publish(probe, name)
        _until(reached, lambda: len(settled) == 3)
        if settled[1:] != [True, False]:
            raise BrokerUnsafe(
                "the broker drops old messages of a queue that is full: no policy may set"
                " overflow to drop-head for queues named samsvar.*"
            )
        probe.queue_delete(name)
    finally:
        with contextlib.suppress(AMQPError, OSError):
            probe.close()


def prove_refusing(reached: Connection, plan: QueuePlan, kind: str) -> None:
    """Fill a quorum queue that holds one message until it refuses one.

    Its arguments alone say nothing: of quorum queues, a policy's overflow wins over theirs. Each
    time it is another queue, the plan's name with a random word behind: one that RabbitMQ was
    killed with, half a second after it was made, answers nobody any more, nor does it expire.
    ``kind``: of its exchange.

    Raises:
        BrokerUnsafe: it refuses nothing.
        BrokerSilent: it does not say.
    """
    settled: list[bool] = []
    word = secrets.token_hex(8)
    name, key = f"{plan.name}.{word}", f"{plan.key}.{word}"
    trial = reached.channel()
    try:
        trial.events["basic_ack"].add(lambda _tag, _multiple: settled.append(True))
        trial.events["basic_nack"].add(lambda _tag, _multiple: settled.append(False))
        trial.confirm_select()
        trial.exchange_declare(plan.exchange, kind, durable=True, auto_delete=False)
        trial.queue_declare(
            queue=name,
            durable=plan.durable,
            exclusive=plan.exclusive,
            auto_delete=not plan.lasting,
            arguments=dict(plan.arguments),
        )
        trial.queue_bind(name, plan.exchange, key)
        message = trial.prepare_message(b"probe", properties={"delivery_mode": 2})
        for number in range(1, _MOST_IN_ONE + 1):
            trial.basic_publish(message, exchange=plan.exchange, routing_key=key, timeout=_WAIT)
            _until(reached, lambda number=number: len(settled) >= number)  # type: ignore[misc]
            if not settled[-1]:
                break
        trial.queue_delete(name)
        if settled[-1]:
            raise BrokerUnsafe(
                "the broker drops old messages of a quorum queue that is full: no policy may set"
                f" overflow to drop-head for queues named {plan.exchange}.*"
            )
    finally:
        with contextlib.suppress(AMQPError, OSError):
            trial.close()


def _publish(probe: Any, key: str) -> None:
    message = probe.prepare_message(b"probe", properties={"delivery_mode": 1, "expiration": "5000"})
    probe.basic_publish(message, exchange=PROBE, routing_key=key, mandatory=True, timeout=_WAIT)


def _until(reached: Connection, done: Callable[[], bool]) -> None:
    for _ in range(50):
        if done():
            return
        try:
            reached.drain_events(timeout=_WAIT)
        except TimeoutError:
            break
    raise BrokerSilent("the broker does not confirm what is published: a memory or disk alarm?")


def _notes(reached: Connection) -> Iterator[str]:
    told = reached.connection.server_properties
    product = f"{told.get('product', 'unknown')} {told.get('version', '')}".strip()
    sock = reached.connection.sock
    secured = sock.version() if isinstance(sock, ssl.SSLSocket) else "no TLS, on loopback"
    yield f"note: {product}, {secured}"
    channel = reached.channel()
    try:
        channel.queue_declare(
            queue=f"other.{secrets.token_hex(8)}", exclusive=True, auto_delete=True, durable=False
        )
    except AMQPError:
        return  # refused, as it should be
    yield (
        "note: its user may do more than it needs: `samsvar worker permissions` prints what it does"
    )
