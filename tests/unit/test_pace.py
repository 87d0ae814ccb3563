"""Answers leave at a step, and as soon as one has come."""

from __future__ import annotations

import pytest

from samsvar.clock import SystemClock
from samsvar.inbound.users.pace import Pace

STEP = 0.04


@pytest.mark.parametrize(("spent", "steps"), [(0.0, 1), (0.01, 1), (0.05, 2), (0.081, 3)])
async def test_it_waits_for_the_next_step_and_not_for_another(spent: float, steps: int) -> None:
    clock = SystemClock()
    begun = clock.monotonic() - spent

    await Pace(clock, STEP).keep(begun)

    waited = clock.monotonic() - begun
    # the loop's own clock is coarser than ours: it may wake a hair too early
    assert steps * STEP - 0.002 <= waited < steps * STEP + 0.5
