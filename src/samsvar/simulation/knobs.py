"""The knobs by which a simulator is made slow, silent, wrong or dangerous, while it runs."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(slots=True)
class Knobs:
    """Each knob is off by default. ``POST /_simulator/knobs`` with a JSON object turns them."""

    latency: float = 0.0
    """Seconds before each answer."""
    outage: bool = False
    """503 to everything."""
    refuse: bool = False
    """Break the connection without an answer."""
    garbage: bool = False
    """200 with bytes that are no message."""
    drip: float = 0.0
    """Seconds between bytes of the answer; 0 sends it whole."""
    fault: bool = False
    """The system's own way of saying that it failed."""
    wrong_patient: bool = False
    """Answer with another person's documents."""
    silent: bool = False
    """Answer that all is well, and that there is nothing about anybody."""
    expired_token: bool = False
    """Refuse the next token, as if it had run out (systems with tokens only)."""
    calls: int = 0
    """Counted, not turned: how many native calls have come."""

    def turn(self, wanted: dict[str, object]) -> None:
        """Set the named knobs.

        Raises:
            ValueError: no such knob, or a value of another kind; the message says which.
        """
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        for name, value in wanted.items():
            if name not in kinds or name == "calls":
                known = ", ".join(sorted(kinds.keys() - {"calls"}))
                raise ValueError(f"no knob called {name[:40]!r}; there are: {known}")
            if kinds[name] is float and isinstance(value, int) and not isinstance(value, bool):
                value = float(value)
            if not isinstance(value, kinds[name]):
                raise ValueError(f"{name}: must be a {kinds[name].__name__}")  # noqa: TRY004 - outside input
        for name, value in wanted.items():
            setattr(self, name, float(value) if kinds[name] is float else value)  # type: ignore[arg-type]
