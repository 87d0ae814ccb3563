"""The rules that come with the hub: which there are, and their thresholds. All of them, literally.

``docs/alerts.md`` has the same two tables. A rule is switched off by its id (``alerts.off``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from samsvar.model.words import Words


class Severity(StrEnum):
    """How soon somebody must look."""

    WARNING = "warning"
    CRITICAL = "critical"
    """Also in quiet hours."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    id: str
    severity: Severity
    title: Words
    opens: str
    """When, in words of the manual."""
    closes: str


W, C = Severity.WARNING, Severity.CRITICAL

RULES: Mapping[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule(
            "answers-empty",
            C,
            Words("Den svarar, men med ingenting", "It answers, but with nothing"),
            "so many different persons in a row without a record that chance would not do it once"
            " in `chance`, by its usual share; or its share of two hours is below `half` of the"
            " usual, as unlikely",
            "a record came, and of its last `recent` answers at least `half` of the usual share"
            " have records",
        ),
        Rule(
            "indexed-empty",
            W,
            Words(
                "Indexet nämner den, men den har inget", "The index names it, but it has nothing"
            ),
            "`unproven` answers in a row, all led by the index and about different persons, have"
            " no record, and nothing is known yet of what is usual",
            "a record came",
        ),
        Rule(
            "gone-quiet",
            W,
            Words("Ingen leds dit längre", "Nobody is led to it any more"),
            "not asked in this hour and the whole one before, though it was at least `busy` times"
            " in that hour of each week before; and others are asked",
            "it is asked",
        ),
        Rule(
            "hub-quiet",
            C,
            Words("Navet får inga frågor", "The hub is asked nothing"),
            "no producer was asked in this hour and the whole one before, though `busy` calls or"
            " more were usual in that one",
            "one is asked",
        ),
        Rule(
            "slower",
            W,
            Words("Den har blivit långsam", "It has become slow"),
            "its middle answer of two hours (`enough` or more) takes `slow` times the usual and"
            " `slow_seconds` more",
            "less than `slow_end` times the usual in this hour",
        ),
        Rule(
            "failing",
            C,
            Words("Den misslyckas", "It fails"),
            "its last `failures` calls all failed; or `failed_share` of two hours' calls"
            " (`failures` or more) and of its last `recent`, and `slow` times its usual share",
            "less than half of `failed_share` of its last `recent` calls failed",
        ),
        Rule(
            "certificate-ends",
            W,
            Words("Ett certifikat går snart ut", "A certificate ends soon"),
            "`certificate_days` days or less are left",
            "another has been put in its place",
        ),
        Rule(
            "certificate-ended",
            C,
            Words(
                "Ett certifikat går ut inom några dagar, eller har gått ut",
                "A certificate ends within days, or has ended",
            ),
            "`certificate_last_days` days or less are left",
            "another has been put in its place",
        ),
        Rule(
            "heads-unsigned",
            C,
            Words("Åtkomstloggen undertecknas inte", "The access log is not being signed"),
            "rows have waited `unsigned_minutes` minutes for a signed head",
            "a head covers them",
        ),
        Rule(
            "outbox-growing",
            W,
            Words(
                "En prenumerant får inte sina ändringar", "A subscriber does not get its changes"
            ),
            "a change has waited `outbox_minutes` minutes, or some were given up",
            "nothing waits so long, and no dead letters are left",
        ),
        Rule(
            "given-up",
            W,
            Words("Meddelanden har getts upp", "Messages were given up"),
            "of the access log on its way to a log service, or of what comes by the message broker,"
            " some are dead letters",
            "they were sent again, or dropped",
        ),
        Rule(
            "register-old",
            C,
            Words("Ett register är för gammalt", "A register is too old"),
            "the catalogue serves from its signed copy, or three quarters of"
            " `population.longest_hours` have passed since the population register's day",
            "a newer one is in force",
        ),
        Rule(
            "disk-filling",
            C,
            Words(
                "Datamappens disk håller på att bli full", "The disk of the data folder fills up"
            ),
            "less than `disk_share` of it is free, or at this week's pace it is full in"
            " `disk_days` days",
            "neither is so",
        ),
        Rule(
            "routing-log-short",
            W,
            Words(
                "Ruttloggen tas bort före sin tid",
                "The routing log will be dropped before its time",
            ),
            "`log.keep_days` days of it, as large as those that are over, are more than"
            " `log.keep_megabytes`, or than the disk has room for",
            "there is room for them",
        ),
        Rule(
            "log-behind",
            W,
            Words("De här siffrorna släpar efter", "These figures are behind"),
            "`behind` rows of the access log have not been counted yet",
            "fewer than that",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The numbers that the rules' words name."""

    chance: float = 1e-9
    least_persons: int = 10
    half: float = 0.5
    least_share: float = 0.05
    recent: int = 20
    unproven: int = 50
    busy: int = 10
    enough: int = 30
    slow: float = 3.0
    slow_seconds: float = 0.5
    slow_end: float = 2.0
    failures: int = 10
    failed_share: float = 0.2
    certificate_days: int = 30
    certificate_last_days: int = 7
    unsigned_minutes: int = 15
    outbox_minutes: int = 60
    disk_share: float = 0.1
    disk_days: int = 14
    behind: int = 10_000


THRESHOLDS = Thresholds()
