"""What three simulated producers that speak the contract know about the fictive people."""

from __future__ import annotations

from samsvar.simulation.producer import Holdings
from samsvar.simulation.producer_records import Contact, Plan

_BOOKED = ("53631000052103", "tidbokad")
_FINISHED = ("53671000052101", "avslutad")
_BOOKED_AT = "20260901081500"  # visits to come are written down when they are booked


def _plan(
    number: int, hsa: str, kind: str, title: str, time: str, unit: str, who: str, text: str
) -> Plan:
    owner = hsa.rsplit("-", 1)[0]
    return Plan(
        f"{kind}-{number:04}",
        title,
        kind,
        time,
        text,
        f"{owner}-U{number}",
        unit,
        f"{owner}-OG1" if hsa == MUNICIPALITY else f"{owner}-VG1",
        who,
    )


def _contact(
    number: int, hsa: str, reason: str, start: str, status: tuple[str, str], unit: str, who: str
) -> Contact:
    owner = hsa.rsplit("-", 1)[0]
    end = start if status is _FINISHED else None
    return Contact(
        f"VK-{number:04}",
        reason,
        start,
        end,
        *status,
        f"{owner}-U{number}",
        unit,
        owner + "-VG1",
        who,
        registered=min(start, _BOOKED_AT),
    )


HOSPITAL = "SE2129999997-COSMIC1"
MUNICIPALITY = "SE2129999989-LIFECARE1"
CLINIC = "SE2129999971-MILLENNIUM1"


def hospital() -> Holdings:
    """A region's record system: care plans and most contacts."""
    hsa = HOSPITAL
    return Holdings(
        hsa,
        plans={
            "191212121212": (
                _plan(
                    1,
                    hsa,
                    "VP",
                    "Vårdplan hjärtsvikt",
                    "20260914101500",
                    "Medicinkliniken Exempelsjukhuset",
                    "Linnea Ekbom",
                    "Status: Upprättad\n\nMitt mål\nAtt orka gå till brevlådan varje dag.\n\n"
                    "Insatser\n"
                    "Vikt varje morgon – jag själv – dagligen – pågår\n"
                    "Uppföljning på hjärtmottagningen – Exempelsjukhuset – oktober – planerad\n",
                ),
            ),
            "202101012397": (
                _plan(
                    3,
                    hsa,
                    "HP",
                    "Habiliteringsplan",
                    "20261015093000",
                    "Barn- och ungdomshabiliteringen",
                    "Siri Ahlberg",
                    "Status: Upprättad\n\nMitt mål\nLeka med de andra på förskolans gård.\n\n"
                    "Mål\nGå över ojämn mark med en hand att hålla i.\n\n"
                    "Insatser\n"
                    "Fysioterapi i lek – Siri Ahlberg – varannan vecka – pågår\n"
                    "Handledning av förskolan – habiliteringen – november – planerad\n",
                ),
            ),
            "194401077674": (
                _plan(
                    2,
                    hsa,
                    "RP",
                    "Rehabiliteringsplan efter höftfraktur",
                    "20260820133000",
                    "Rehabenheten Exempelsjukhuset",
                    "Oskar Lindh",
                    "Status: Upprättad\n\nMål\nGå med rollator inomhus.\n",
                ),
            ),
        },
        contacts={
            "191212121212": (
                _contact(
                    11,
                    hsa,
                    "Kontroll av hjärtsvikt",
                    "20260914093000",
                    _FINISHED,
                    "Hjärtmottagningen",
                    "Linnea Ekbom",
                ),
                _contact(
                    12,
                    hsa,
                    "Återbesök hjärtmottagningen",
                    "20261203103000",
                    _BOOKED,
                    "Hjärtmottagningen",
                    "Linnea Ekbom",
                ),
            ),
            "202101012397": (
                _contact(
                    15,
                    hsa,
                    "Besök på habiliteringen",
                    "20261210093000",
                    _BOOKED,
                    "Barn- och ungdomshabiliteringen",
                    "Siri Ahlberg",
                ),
            ),
            "193201027723": (
                _contact(
                    13,
                    hsa,
                    "Provtagning",
                    "20261012081500",
                    _FINISHED,
                    "Laboratoriet",
                    "Sara Nygren",
                ),
            ),
            "196501022773": (
                _contact(
                    14,
                    hsa,
                    "Läkarbesök efter fall",
                    "20261101140000",
                    _FINISHED,
                    "Akutmottagningen",
                    "Per Ek",
                ),
            ),
        },
    )


def municipality(hsa: str = MUNICIPALITY) -> Holdings:
    """A municipality's social care: implementation plans."""
    return Holdings(
        hsa,
        plans={
            "191212121212": (
                _plan(
                    21,
                    hsa,
                    "GP",
                    "Genomförandeplan hemtjänst",
                    "20261002090000",
                    "Hemtjänst Norr, Exempelkommun",
                    "Björn Öst",
                    "Status: Upprättad\n\nInsatser\n"
                    "Hjälp vid dusch – hemtjänsten – tisdag och fredag –"
                    " pågår\nTrygghetslarm – Exempelkommun – dygnet runt – pågår\n",
                ),
            ),
            "195101151818": (
                _plan(
                    22,
                    hsa,
                    "SIP",
                    "Samordnad individuell plan",
                    "20260611110000",
                    "Biståndsenheten, Exempelkommun",
                    "Mona Sjölund",
                    "Status: Uppföljning pågår\n\nMitt mål\nBo kvar hemma.\n",
                ),
            ),
        },
    )


def clinic() -> Holdings:
    """A health centre: contacts, and a few plans."""
    hsa = CLINIC
    return Holdings(
        hsa,
        plans={
            "191212121212": (
                _plan(
                    31,
                    hsa,
                    "SVP",
                    "Standardiserad vårdplan diabetes typ 2",
                    "20260305143000",
                    "Vårdcentralen Granen",
                    "Hassan Berg",
                    "Status: Upprättad\n\nMål\nHbA1c under 52.\n\nInsatser\nFotstatus –"
                    " diabetessköterska – varje år – planerad\n",
                ),
            ),
        },
        contacts={
            "191212121212": (
                _contact(
                    31,
                    hsa,
                    "Årskontroll diabetes",
                    "20260305140000",
                    _FINISHED,
                    "Vårdcentralen Granen",
                    "Hassan Berg",
                ),
            ),
            "199001012385": (
                _contact(
                    32,
                    hsa,
                    "Samtal om sömn",
                    "20261120090000",
                    _BOOKED,
                    "Vårdcentralen Granen",
                    "Hassan Berg",
                ),
            ),
        },
    )
