"""What the simulated SAMSA holds: invented plans of people who do not exist.

Texts, names and units are made up; the numbers are official test numbers. Between them the cases
have every status, and every oddity that the mapping must bear. Long, as it is data.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from samsvar_adapters.samsa.simulator_files import pdf, scan

WARD = ("SE2321000131-E000000000123", "Exempelsjukhuset avd 53")
CLINIC = ("SE2321000131-E000000004501", "Vårdcentralen Granlunda")
YOUTH = ("SE2321000131-E000000007310", "BUP Granlunda")
REHAB = ("SE2321000131-E000000008122", "Habiliteringen Södra Granlunda")
HOME_NURSING = "SE2129999997-HSV01"
HOME_HELP = "SE2129999997-HTJ04"
SCHOOL_NURSE = "SE2129999997-EMI02"
FAMILY_UNIT = "SE2129999997-IFO11"


@dataclass(frozen=True, slots=True)
class Part:
    """``Del``."""

    actor: str | None
    heading: str
    text: str
    unit: str | None = None
    law: str | None = None
    shared: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """``Bilaga``. ``said_size`` is what the case claims, if it is not the truth."""

    id: str
    content: bytes = field(repr=False)
    media_type: str = "application/pdf"
    said_size: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """``Arende``. ``gone``: in the list, but no longer there when it is asked for."""

    id: str
    status: str
    status_text: str
    kind: str = "SIP"
    spelled: str | None = None
    number_kind: str | None = None
    established: str | None = None
    changed: str | None = None
    closed: str | None = None
    accountable: str | None = "Per Ek"
    title: str = "Sjuksköterska"
    title_code: str | None = "206010"
    unit: tuple[str | None, str | None] = WARD
    group: str | None = None
    consent: str | None = None
    parts: tuple[Part, ...] = ()
    signatures: tuple[tuple[str, str], ...] = ()
    files: tuple[File, ...] = ()
    gone: bool = False


CASES: dict[str, tuple[Case, ...]] = {
    "191212121212": (
        Case(
            "4702-0011",
            "60",
            "Avslutad",
            established="2022-03-14T10:30:00",
            changed="2022-11-30T09:05:41.250",
            closed="2022-11-30",
            group="ALDRE",
            unit=CLINIC,
            accountable="Karin Lövgren",
            title="Distriktssköterska",
            parts=(
                Part("PRIMARVARD", "Mitt mål", "Jag vill bo kvar hemma så länge det går."),
                Part("PRIMARVARD", "Vad är viktigt för dig?", "Att katten får vara med."),
                Part(
                    "KOMMUN_HSV",
                    "Insats",
                    "Såromläggning i hemmet, avslutad v. 45",
                    unit=HOME_NURSING,
                ),
                Part("PRIMARVARD", "Utvärdering", "Såret är läkt. Målet är nått."),
            ),
            signatures=((CLINIC[0], "2022-03-14T10:45:00"), (HOME_NURSING, "2022-03-14T11:02:00")),
            files=(File("B1", pdf("SIP Tolvan Tolvansson, avslutad")),),
        ),
        Case(
            "4702-0040",
            "60",
            "Avslutad",
            kind="SVU",
            established="2023-01-19T13:00:00",
            changed="2023-01-20T11:48:00",
            group="ALDRE",
            parts=(Part("SJUKHUS", "Insats", "Antibiotika i tablettform till och med 27 januari"),),
            signatures=((WARD[0], "2023-01-19T13:05:00"),),
        ),
    ),
    "193201027723": (
        Case(
            "4702-0093",
            "50",
            "Uppföljning",
            established="2023-02-06T14:00:00",
            changed="2023-05-08T10:15:00",
            group="ALDRE",
            unit=CLINIC,
            accountable="Karin Lövgren",
            title="Distriktssköterska",
            consent="Samtliga kallade",
            parts=(
                Part("PRIMARVARD", "Behov", "Ramlar när hon går upp på natten."),
                Part("PRIMARVARD", "Mål", "Inga fall under våren."),
                Part(
                    "PRIMARVARD",
                    "Vad/Vem/När",
                    "Vad: Läkemedelsgenomgång\nVem: Distriktsläkare Per Ek, "
                    "Vårdcentralen Granlunda\nNär: senast v. 12",
                ),
                Part(
                    "KOMMUN_HSV",
                    "Vad/Vem/När",
                    "Blodtryck liggande och stående / Sjuksköterska i kommunen / varannan tisdag",
                    unit=HOME_NURSING,
                ),
                Part(
                    "HEMTJANST",
                    "Insats",
                    "Tillsyn kl. 23 och kl. 03",
                    unit=HOME_HELP,
                    law="SOL",
                    shared="true",
                ),
                Part("BISTAND", "Insats", "Ansökan om korttidsplats prövas", unit=HOME_HELP),
                Part("PRIMARVARD", "Fast vårdkontakt", "Karin Lövgren"),
                Part("PRIMARVARD", "Uppföljning", "Två fall i mars, inga i april."),
            ),
            signatures=((CLINIC[0], "2023-02-06T14:30:00"), (HOME_HELP, "2023-02-06T15:10:00")),
            files=(File("B1", pdf("SIP Astrid Provsson")),),
        ),
    ),
    "193801029202": (
        Case(
            "4703-0007",
            "40",
            "Justerad",
            established="2023-03-01T09:00:00",
            changed="2023-03-02T08:20:10.007",
            group="ALDRE",
            parts=(
                Part(
                    "SJUKHUS",
                    "Insats",
                    "<p>Syrgas i hemmet &amp; m\u00e4tning av saturation</p>"
                    "<script>alert(1)</script>\r\n\r\n\r\n<br/>Se &quot;egenv\u00e5rd&quot;",
                ),
                Part("PRIMARVARD", "Insats", "Återbesök KOL-mottagning i juni"),
            ),
            signatures=((WARD[0], "2023-03-01T09:30:00"),),
            files=(File("B1", pdf("SIP Bertil Exempelman", 412_332)),),
        ),
    ),
    "194401077674": (
        Case(
            "4703-0101",
            "20",
            "Kallad",
            changed="2023-04-11T15:40:00",
            group="ALDRE",
            parts=(
                Part(
                    "SJUKHUS",
                    "Insats",
                    r"{\rtf1\ansi\deff0 Hj\'e4lp med \b st\'f6dstrumpor\b0  morgon\par}",
                ),
            ),
        ),
    ),
    "195101151818": (
        Case(
            "4703-0160",
            "30",
            "Planering",
            changed="2023-10-29T02:30:00",
            group="ALDRE",
            parts=(Part("SJUKHUS", "Insats", "Dropp avslutas före hemgång"),),
        ),
        Case(
            "4703-0161",
            "35",
            "Delvis justerad",
            established="2023-11-06T09:00:00",
            changed="2023-11-06T16:00:00",
            group="ALDRE",
            parts=(
                Part("SJUKHUS", "Beslut om vårdnivå", "Ej intensivvård. Beslut dr Ek 231106."),
                Part("PRIMARVARD", "Insats", "Palliativ uppföljning i hemmet"),
            ),
            signatures=((WARD[0], "2023-11-06T15:55:00"),),
            files=(File("B1", pdf("SIP David Mallgren")),),
        ),
    ),
    "196501022773": (
        Case(
            "4711-0098",
            "40",
            "Justerad",
            established="2022-11-08T10:00:00",
            changed="2022-11-09T16:22:01.123",
            group="FUNKTIONSNEDSATTNING",
            unit=("se2321000131-e000000000123", WARD[1]),
            consent="Samtliga kallade",
            parts=(
                Part("REHAB", "Vad/Vem/När", "Gångträning, två gånger i veckan", unit=REHAB[0]),
                Part(
                    "LSS",
                    "Insats",
                    "Daglig verksamhet tre dagar i veckan",
                    unit="DV-7",
                    shared="true",
                ),
                Part(
                    "BISTAND",
                    "Insats",
                    "Boendestöd måndag och torsdag",
                    unit=HOME_HELP,
                    shared="true",
                ),
                Part("FORSAKRINGSKASSAN", "Insats", "Sjukersättning prövas"),
            ),
            signatures=(
                ("SE2321000131-E000000000123", "2022-11-09T15:01:00"),
                (REHAB[0], "2022-11-09T15:20:00"),
            ),
        ),
        Case(
            "4711-0131",
            "40",
            "Justerad",
            kind="MEDDELANDE_VARD_OMSORG",
            changed="2022-11-12T08:00:00",
            parts=(Part("SJUKHUS", "Meddelande", "Ny telefon till avdelningen."),),
        ),
    ),
    "199001012385": (
        Case(
            "4704-0010",
            "10",
            "Påbörjad",
            changed="2023-09-04T11:00:00",
            unit=CLINIC,
            parts=(Part("PSYKIATRI", "Behov", "Återkommande oro, sover dåligt."),),
        ),
        Case(
            "4704-0002",
            "90",
            "Avbrott",
            established="2021-05-17T10:00:00",
            changed="2021-08-23T09:30:00",
            unit=CLINIC,
            parts=(
                Part("PSYKIATRI", "Insats", "Samtal varje vecka"),
                Part(
                    "IFO_VUXEN",
                    "Insats",
                    "Öppenvårdsprogram, beroende",
                    unit=FAMILY_UNIT,
                    law="HSL",
                    shared="true",
                ),
            ),
        ),
    ),
    "199001032391": (
        Case(
            "4704-0200",
            "99",
            "Felsänt",
            changed="2023-06-07T07:59:00",
            parts=(Part("SJUKHUS", "Insats", "Skickat på fel person"),),
        ),
        Case("4704-0201", "30", "Planering", changed="2023-06-07T08:10:00", gone=True),
    ),
    "200101012383": (
        Case(
            "4704-0300",
            "45",
            "Vilande",
            established="2023-08-21T13:15:00+02:00",
            changed="2023-08-21T22:30:00Z",
            unit=CLINIC,
            parts=(
                Part("PRIMARVARD", "Insats", "Sjukgymnastik i grupp"),
                Part("KYRKAN", "Insats", "Samtalsgrupp torsdagar"),
                Part(None, "Övrigt", "Tolk behövs på mötet"),
            ),
            files=(File("B1", pdf("SIP Gun Låtsasdotter", 180_000), said_size="9000"),),
        ),
    ),
    "200901072389": (
        Case(
            "4705-0044",
            "40",
            "Justerad",
            established="2023-05-22T15:00:00",
            changed="2023-05-23T08:00:00",
            group="BARN_UNGA",
            unit=YOUTH,
            accountable="Maja Ståhlberg",
            title="Psykolog",
            title_code=None,
            parts=(
                Part("BUP", "Insats", "Utredning av koncentrationssvårigheter"),
                Part(
                    "SKOLA",
                    "Elevhälsans medicinska insats",
                    "Skolsköterskan följer längd och vikt varje termin",
                    unit=SCHOOL_NURSE,
                    law="HSL",
                ),
                Part(
                    "SKOLA",
                    "Skolans insatser",
                    "Anpassad studiegång i årskurs 8",
                    unit="SE2129999997-SKO20",
                ),
            ),
            signatures=((YOUTH[0], "2023-05-22T15:40:00"), (SCHOOL_NURSE, "2023-05-23T07:58:00")),
            files=(File("B1", pdf("SIP Hugo Skolmark")),),
        ),
    ),
    "201201252382": (
        Case(
            "4705-0098",
            "40",
            "Justerad",
            established="2022-11-08T10:00:00",
            changed="2022-11-09T16:22:01.123",
            group="BARN_UNGA",
            unit=CLINIC,
            consent="Samtliga kallade",
            parts=(
                Part(
                    "SKOLA",
                    "Skolans insatser",
                    "Resursperson i klassen, avstämning med mentor varje fredag",
                    unit="SE2129999997-SKO20",
                ),
                Part("IFO_BARN", "Insats", "Kontaktfamilj varannan helg", unit=FAMILY_UNIT),
                Part("PRIMARVARD", "Vad/Vem/När", "BUP-samtal, varannan vecka"),
            ),
            signatures=(
                (CLINIC[0], "2022-11-09T15:01:00"),
                (FAMILY_UNIT, "2022-11-09T15:12:00"),
                ("SE2129999997-SKO20", "2022-11-09T15:30:00"),
            ),
            files=(File("B1", pdf("SIP Ida Barnfors")),),
        ),
    ),
    "202101012397": (
        Case(
            "4705-0120",
            "40",
            "Justerad",
            established="2023-04-03T10:00:00",
            changed="2023-04-03T10:40:00",
            group="BARN_UNGA",
            unit=(None, "Barnhabiliteringen"),
            title="Kurator",
            title_code="KV-Befattning-kod",
            parts=(Part("HABILITERING", "Insats", "Hjälpmedel provas ut i maj", unit="HAB-02"),),
            signatures=(("HAB-02", "2023-04-03T10:20:00"), (" se2129999997-hsv01 ", "i april")),
            files=(File("SKAN1", scan()),),
        ),
    ),
    "189001019802": (
        Case(
            "4701-0001",
            "50",
            "Uppföljning",
            spelled="900101+9802",
            established="2020-02-03T13:00:00",
            changed="2023-02-03T13:20:00",
            group="ALDRE",
            unit=CLINIC,
            parts=(
                Part(
                    "SARSKILT_BOENDE",
                    "Insats",
                    "Bor på Granlundagården, plan 2",
                    unit="SE2129999997-SAB01",
                ),
                Part("KOMMUN_HSV", "Insats", "Viktkontroll en gång i månaden", unit=HOME_NURSING),
            ),
        ),
    ),
    "194100642398": (
        Case(
            "KLARA-88120",
            "40",
            "Justerad",
            kind="SVPL",
            number_kind="PNR",
            established="20110914",
            changed="2011-09-14 15:05",
            group="ALDRE",
            unit=("AVD53", WARD[1]),
            parts=(Part("SJUKHUS", "Insats", "Sondmat enligt dietist"),),
        ),
    ),
    "199008672397": (
        Case(
            "4704-0410",
            "40",
            "Justerad",
            established="2023-07-03T10:00:00",
            accountable=None,
            unit=(None, None),
            parts=(Part("PRIVAT_VARD", "Insats", "Samtal med psykolog, tio gånger"),),
        ),
        Case(
            "4704-0411",
            "30",
            "Planering",
            parts=(Part("PRIMARVARD", "Insats", "Ny tid bokas i höst"),),
        ),
    ),
    "19810829M071": (
        Case(
            "4706-0003",
            "40",
            "Justerad",
            kind="SVU",
            established="2023-12-27T09:00:00",
            changed="2023-12-27T09:45:00",
            unit=WARD,
            parts=(
                Part("SJUKHUS", "Insats", "Suturtagning på vårdcentral efter tio dagar"),
                Part(
                    "PRIVAT_VARD",
                    "Insats",
                    "Röntgenkontroll hos Granlunda Röntgen AB",
                    unit="SE5560000167-RTG1",
                ),
            ),
            signatures=((WARD[0], "2023-12-27T09:44:00"),),
        ),
    ),
}
"""By 12-character number. Whoever is not here is unknown to the system."""
