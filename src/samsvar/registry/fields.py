"""One table of a registry file, read key by key; what is wrong is collected, never raised.

Knows the forms of ids, dates and URLs, and how to say where a fault stands. A value is never
repeated in a fault: it may be anything that somebody pasted. Knows no table's meaning. Long, for
each fault is told in both languages.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

from samsvar.model.words import Words
from samsvar.observe.masking import masked
from samsvar.registry import ALWAYS, RegistryFault

ID_FORM = Words("1 till 64 av A-Z a-z 0-9 _ . : -", "1 to 64 of A-Z a-z 0-9 _ . : -")
_ID = re.compile(r"[0-9A-Za-z_.:\-]{1,64}", re.ASCII)
_URL = re.compile(r"[!-~]{1,2000}", re.ASCII)
_REFUSED_PORTS = {25: "mail"}  # a request to a mail server is a known way to send mail
_MOST_SECONDS = 28.0  # no whole question takes longer: hub.deadline_seconds is at most that
_SHOWN = 12
_LONGEST_NOTICE = 200  # it stands in a row of every answer


def choices(names: Collection[str]) -> Words:
    """What is allowed, in words; a long list is cut."""
    if not names:
        return Words("det finns inget", "there is none")
    listed = sorted(names)
    shown, rest = ", ".join(listed[:_SHOWN]), len(listed) - _SHOWN
    return Words(
        f"kända: {shown}" + (f" och {rest} till" if rest > 0 else ""),
        f"known: {shown}" + (f" and {rest} more" if rest > 0 else ""),
    )


class Table:
    """A table being read. Getters return None where the value is missing or wrong."""

    def __init__(
        self, where: str, values: Mapping[str, object], faults: list[RegistryFault]
    ) -> None:
        self.where = where
        self._values = values
        self._faults = faults
        self._read: set[str] = set()

    def fault(self, key: str, message: Words) -> None:
        """Put a fault to a key of this table."""
        self._faults.append(RegistryFault(f"{self.where}, {key}", message))

    def end(self) -> None:
        """All keys have been asked for: what is left is unknown."""
        for key in self._values:
            if key not in self._read:
                self.fault(
                    key[:40],
                    Words(
                        f"det finns ingen sådan nyckel; tillåtna: {', '.join(sorted(self._read))}",
                        f"no such key; allowed: {', '.join(sorted(self._read))}",
                    ),
                )

    def raw(self, key: str) -> object:
        """The value as TOML gave it, or None."""
        self._read.add(key)
        return self._values.get(key)

    def text(self, key: str, *, required: bool = True) -> str | None:
        """Text that says something: one line, no blanks around it."""
        value = self.raw(key)
        if value is None:
            if required:
                self.fault(key, Words("saknas", "is missing"))
            return None
        if not isinstance(value, str) or not value or value != value.strip():
            self.fault(
                key,
                Words(
                    "ska vara text inom citattecken, utan blanksteg i ändarna",
                    "must be text in quotes, without blanks at its ends",
                ),
            )
            return None
        if not value.isprintable():
            self.fault(
                key,
                Words(
                    "ska vara en rad utan styrtecken", "must be one line without control characters"
                ),
            )
            return None
        return value

    def id(self, key: str, *, required: bool = True, also: str | None = None) -> str | None:
        """An identifier; ``also`` is the one other value allowed."""
        value = self.text(key, required=required)
        if value is None or value == also or _ID.fullmatch(value):
            return value
        self.fault(
            key,
            Words(
                f"ska vara {ID_FORM.swedish}" + (f', eller "{also}"' if also else ""),
                f"must be {ID_FORM}" + (f', or "{also}"' if also else ""),
            ),
        )
        return None

    def choice(self, key: str, allowed: Collection[str], default: str | None = None) -> str | None:
        """One of the names allowed."""
        value = self.text(key, required=default is None)
        if value is None:
            return default
        if value not in allowed:
            self.fault(
                key,
                Words(
                    f"inte känt här; {choices(allowed).swedish}",
                    f"not known here; {choices(allowed)}",
                ),
            )
            return None
        return value

    def day(self, key: str, default: date) -> date | None:
        """A local date."""
        value = self.raw(key)
        if value is None:
            return default
        if type(value) is not date or value < ALWAYS:  # a TOML date and time is a date too
            self.fault(
                key,
                Words(
                    "ska vara ett datum utan tid och citattecken, från 1900, som 2026-01-31;"
                    " det betyder hela den dagen i Sverige",
                    "must be a date without time and quotes, from 1900 on, such as 2026-01-31;"
                    " it means that whole day in Sweden",
                ),
            )
            return None
        return value

    def moment(self, key: str) -> datetime | None:
        """A point in time, as UTC, or None where the table has none."""
        value = self.raw(key)
        if value is None:
            return None
        if not isinstance(value, datetime) or value.tzinfo is None or value.date() < ALWAYS:
            self.fault(
                key,
                Words(
                    "ska vara ett datum och en tid med tidszon, utan citattecken, som"
                    " 2026-01-31T18:00:00+01:00",
                    "must be a date and time with its zone, without quotes,"
                    " such as 2026-01-31T18:00:00+01:00",
                ),
            )
            return None
        return value.astimezone(UTC)

    def notice(self, key: str) -> str | None:
        """A short text that consumers will read: nothing personal in it."""
        value = self.text(key)
        if value is None:
            return None
        if len(value) > _LONGEST_NOTICE:
            self.fault(
                key,
                Words(
                    f"ska vara högst {_LONGEST_NOTICE} tecken",
                    f"must be at most {_LONGEST_NOTICE} characters",
                ),
            )
            return None
        if masked(value) != value:
            self.fault(
                key,
                Words(
                    "innehåller något som kan vara ett personnummer: ta bort det",
                    "holds what could be a personal number: leave it out",
                ),
            )
            return None
        return value

    def seconds(self, key: str) -> float | None:
        """A time limit, or None where the table has none."""
        value = self.raw(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fault(key, Words("ska vara ett antal sekunder", "must be a number of seconds"))
            return None
        if not 0 < value <= _MOST_SECONDS:
            self.fault(
                key,
                Words(
                    f"ska vara över 0 och högst {_MOST_SECONDS:g} sekunder",
                    f"must be over 0 and at most {_MOST_SECONDS:g} seconds",
                ),
            )
            return None
        return float(value)

    def flag(self, key: str, *, default: bool) -> bool:
        """Yes or no."""
        value = self.raw(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fault(
                key,
                Words(
                    "ska vara true eller false, utan citattecken",
                    "must be true or false, without quotes",
                ),
            )
            return default
        return value

    def url(self, key: str, *, allow_plain_http: bool) -> str | None:
        """The address of a producer."""
        value = self.text(key)
        if value is None:
            return None
        if wrong := url_fault(value, allow_plain_http=allow_plain_http):
            self.fault(key, wrong)
            return None
        return value

    def texts(self, key: str) -> tuple[tuple[str, str], ...]:
        """A table of texts."""
        value = self.raw(key)
        if value is None:
            return ()
        if not isinstance(value, dict):
            self.fault(
                key,
                Words(
                    'ska vara en tabell av texter: { namn = "värde" }',
                    'must be a table of texts: { name = "value" }',
                ),
            )
            return ()
        pairs: list[tuple[str, str]] = []
        for name, item in value.items():
            if isinstance(item, str):
                pairs.append((name, item))
            else:
                self.fault(
                    f"{key}.{name[:40]}",
                    Words("ska vara text: sätt citattecken om", "must be text: put it in quotes"),
                )
        return tuple(pairs)

    def within(self, key: str) -> Table | None:
        """A table inside this one, or None where there is none."""
        value = self.raw(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fault(
                key,
                Words(
                    'ska vara en tabell: { namn = "värde" }', 'must be a table: { name = "value" }'
                ),
            )
            return None
        return Table(f"{self.where}, {key}", value, self._faults)

    def several(self, key: str) -> list[Table]:
        """A list of tables inside this one."""
        value = self.raw(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fault(
                key,
                Words(
                    'ska vara en lista av tabeller: [{ namn = "värde" }]',
                    'must be a list of tables: [{ name = "value" }]',
                ),
            )
            return []
        return [
            Table(f"{self.where}, {key} {number}", item, self._faults)
            for number, item in enumerate(value, start=1)
        ]

    def word(self, key: str) -> str | None:
        """Text without any blank in it."""
        value = self.text(key)
        if value is not None and any(sign.isspace() for sign in value):
            self.fault(key, Words("får inte ha blanksteg", "must not hold blanks"))
            return None
        return value

    def words(self, key: str) -> tuple[str, ...]:
        """A list of texts without blanks, each at most once; empty where there is none."""
        value = self.raw(key)
        if value is None:
            return ()
        listed = value if isinstance(value, list) else [value]
        found: list[str] = []
        for item in listed:
            if not isinstance(item, str) or not item.isprintable() or not item or " " in item:
                self.fault(
                    key,
                    Words(
                        "ska vara texter utan blanksteg: sätt citattecken om var och en",
                        "must be texts without blanks: put each in quotes",
                    ),
                )
            elif item in found:
                self.fault(key, Words("nämner samma två gånger", "names the same twice"))
            else:
                found.append(item)
        return tuple(found)

    def names(self, key: str, resolve: Callable[[str], str | None], allowed: Words) -> list[str]:
        """One name or a list of them, each resolved; each at most once."""
        value = self.raw(key)
        if value is None:
            self.fault(key, Words("saknas", "is missing"))
            return []
        listed = value if isinstance(value, list) else [value]
        if not listed:
            self.fault(key, Words("listan är tom", "the list is empty"))
        found: list[str] = []
        for name in listed:
            resolved = resolve(name) if isinstance(name, str) else None
            if resolved is None:
                self.fault(
                    key, Words(f"inte känt här; {allowed.swedish}", f"not known here; {allowed}")
                )
            elif resolved in found:
                self.fault(key, Words("nämner samma två gånger", "names the same twice"))
            else:
                found.append(resolved)
        return found


def url_fault(url: str, *, allow_plain_http: bool) -> Words | None:
    """What is wrong with a producer's URL, or None."""
    if not _URL.fullmatch(url):
        return Words(
            "ska vara en URL av synliga ASCII-tecken, utan blanksteg",
            "must be a URL of visible ASCII characters, without blanks",
        )
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname
    except ValueError:
        return Words(
            "är ingen URL som går att läsa: se på värdnamn och port",
            "is not a URL that can be read: look at its host and port",
        )
    if parts.scheme not in ("http", "https"):
        return Words("ska börja med https://", "must begin with https://")
    if not host or "\\" in url:
        return Words("ska namnge en värd", "must name a host")
    if parts.username is not None or parts.password is not None:
        return Words(
            "får inte ha användare eller lösenord: använd producentens options",
            "must not hold a user or password: use the producer's options",
        )
    if parts.fragment or "#" in url:
        return Words("får inte ha ett fragment (#)", "must not hold a fragment (#)")
    if port == 0 or port in _REFUSED_PORTS:
        return Words(
            "anger en port som ingen producent får ha", "names a port that no producer may have"
        )
    if parts.scheme == "http" and not allow_plain_http and not _loopback(host):
        return Words(
            "ska börja med https://; http:// gäller bara den här maskinen (127.0.0.1, ::1)",
            "must begin with https://; http:// is for this machine only (127.0.0.1, ::1)",
        )
    return None


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
