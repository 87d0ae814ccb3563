"""What /health answers: needs, what must not end, and a hub that is about to stop."""

from __future__ import annotations

from functools import partial

from samsvar.inbound.health import RETIRING, Health


def test_all_that_is_missing_has_its_name() -> None:
    trouble = {"index": "it cannot be searched", "database": ""}
    health = Health()
    for name in trouble:
        health.needs(name, partial(trouble.__getitem__, name))

    assert health.missing() == ["index: it cannot be searched"]
    trouble.update(index="", database="it does not answer")
    assert health.missing() == ["database: it does not answer"]
    assert health.dead() == []


def test_what_has_ended_is_neither_alive_nor_ready() -> None:
    health = Health()
    health.lives_by("access log", lambda: "its writer has ended")

    assert health.dead() == ["access log: its writer has ended"]
    assert health.missing() == health.dead()


def test_a_hub_that_is_about_to_stop_lives_but_is_not_ready() -> None:
    health = Health()
    health.retire()

    assert (health.missing(), health.dead()) == ([RETIRING], [])
