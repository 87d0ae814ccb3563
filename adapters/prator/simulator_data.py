"""The simulator's cases: what Prator would hold about the fictive people.

Between them they cover every state of the system and every trap of its documents. The demo's
person is in ``simulator_demo``. All names, units and texts are invented. Long, as it is data.
"""

from __future__ import annotations

from samsvar.simulation import person
from samsvar_adapters.prator.simulator_demo import DEMO_CASES
from samsvar_adapters.prator.simulator_print import printed

Case = dict[str, object]

UNIT_REGISTRY = (
    "VC-017=SE2321000032-00A1@SE2321000032-0001;"
    "AVD-053=SE2321000032-0A53@SE2321000032-0001;"
    "REH-004=SE2321000032-00R4@SE2321000032-0001;"
    "HSV-2480=SE2129999997-H001@SE2129999997-0001;"
    "SOC-2480=@SE2129999997-0002"
)
"""What the producer's ``unit_registry`` option should hold towards this simulator."""

DECOMPOSED = frozenset({"199008672397"})
"""Whose answers come with å, ä and ö as two characters."""
LATIN_1 = frozenset({"199001012385"})
"""Whose answers come as Latin-1."""

_HEALTH_CENTRE: Case = {
    "kod": "VC-017",
    "namn": "Hälsocentralen Exempel",
    "typ": "Öppenvård",
    "hsaId": None,
}


def _case(number: str, case_id: str, status: str, messages: list[Case], **more: object) -> Case:
    fictive = person(number)
    short = fictive.number if fictive.root.endswith((".1.1.1", "97.3.1.3")) else fictive.short
    return {
        "ärendeId": case_id,
        "ärendetyp": "SIP",
        "status": status,
        "person": {
            "personnummer": short,
            "namn": fictive.name,
            "folkbokföringskommun": fictive.municipality,
        },
        "skapad": "2023-03-01 14:05",
        "ägarenhet": _HEALTH_CENTRE,
        "samtycke": {"inhämtat": "Ja", "datum": "2023-03-01", "av": "Ssk Karin L"},
        "meddelanden": messages,
        **more,
    }


def _initiative(sent: str, reason: str) -> Case:
    return {
        "löpnr": 1,
        "typ": "INITIATIV",
        "sänt": sent,
        "från": "VC-017",
        "till": ["SOC-2480"],
        "kvitterat": [{"enhet": "SOC-2480", "tid": sent}],
        "anledning": reason,
        "lagrum": "HSL",
    }


def _plan(row: int, sent: str, goal: str, activities: list[Case], **more: object) -> Case:
    return {
        "löpnr": row,
        "typ": "MÅL_OCH_AKTIVITETSPLAN",
        "version": 1,
        "sänt": sent,
        "från": "VC-017",
        "patientensMål": goal,
        "mål": [{"nr": 1, "text": "Trygg vardag i det egna hemmet"}],
        "aktiviteter": activities,
        "lagrum": "HSL",
        **more,
    }


def _activity(row: int, what: str, who: str, when: str, law: str | None, **more: object) -> Case:
    made: Case = {"nr": row, "mål": 1, "vad": what, "vem": who, "när": when, "status": "pågår"}
    return made | ({} if law is None else {"lagrum": law}) | more


_NURSE = _activity(
    1, "Läkemedelsdosett delas ut", "Hemsjukvården Norr / kommun", "varannan vecka", "HSL",
    enhet="HSV-2480",
)  # fmt: skip
_HOME_CARE = _activity(
    2, "Hemtjänst morgon och kväll", "Hemtjänst Exempel / kommun", "dagligen", "SoL"
)

_EXAMPLE: Case = {
    **_case("196501022773", "AC-2023-004711", "Mål- och aktivitetsplan upprättad", []),
    "samtycke": {
        "inhämtat": "Ja",
        "datum": "2023-03-01",
        "av": "Ssk Karin L",
        "undantag": "IFO",
    },
    "meddelanden": [
        {
            "löpnr": 1,
            "typ": "INITIATIV",
            "sänt": "2023-03-01 14:05",
            "från": "VC-017",
            "till": ["SOC-2480"],
            "kvitterat": [{"enhet": "SOC-2480", "tid": "2023-03-01 15:30"}],
            "anledning": "Upprepade fall i hemmet",
        },
        {
            "löpnr": 2,
            "typ": "KARTLÄGGNING_SBAR",
            "S": "Tre fall på en månad, senast i badrummet.",
            "B": "Bor ensam i lägenhet med hiss. Hemtjänst sedan 2021.",
            "A": "Går med rollator inomhus, osäker i trappor.",
            "R": "SIP med hemtjänst och rehab inom två veckor.",
        },
        {
            "löpnr": 3,
            "typ": "KALLELSE",
            "möte": "2023-03-10 13:00",
            "plats": "Video",
            "kallade": ["SOC-2480", "Patient", "Dotter"],
        },
        {
            "löpnr": 4,
            "typ": "MÅL_OCH_AKTIVITETSPLAN",
            "version": 2,
            "patientensMål": "Klara mig hemma",
            "mål": [{"nr": 1, "text": "Inga fall"}],
            "aktiviteter": [
                {
                    "nr": 1,
                    "mål": 1,
                    "vad": "Hemtjänst morgon och kväll",
                    "vem": "Hemtjänst Exempel / kommun",
                    "när": "dagligen",
                    "status": "pågår",
                    "lagrum": "SoL",
                }
            ],
        },
        {
            "löpnr": 5,
            "typ": "UPPFÖLJNING",
            "datum": "2023-05-02",
            "text": "Inga nya fall. Planen fortsätter.",
        },
    ],
    "utskrift": printed(["Mål- och aktivitetsplan AC-2023-004711", "Mitt mål: Klara mig hemma"]),
}

_ASTRID = _case(
    "193201027723",
    "AC-2021-000917",
    "M&A-plan upprättad",
    [
        _initiative("2021-09-06 09:20", "Tilltagande minnessvårigheter"),
        {
            "löpnr": 2,
            "typ": "KARTLÄGGNING_SBAR",
            "från": "VC-017",
            "lagrum": "HSL",
            "text": "S: Glömmer spisen på, dottern orolig.\r\nB: Änka sedan 2015. Hörapparat.\r\n"
            "A: Klarar hygien själv, behöver påminnelse om måltider.\r\nR: SIP med kommunen.",
        },
        _plan(
            7,
            "20210920 1330",
            "Jag vill bo kvar på Åkergatan",
            [
                _NURSE,
                _activity(2, "Trygghetslarm", "Exempelkommun", "v. 40", "SoL äldre", delas="Ja"),
                _activity(3, "Minnesutredning", "Dr Per Ek, HC Exempel / region", "2021-10-12",
                          "HSL", enhet="VC-017"),
            ],
        ),
    ],
    utskrift=printed(["Mål- och aktivitetsplan AC-2021-000917"], at_least=140_000),
)  # fmt: skip

_BERTIL = _case(
    "193801029202",
    "AC-2023-005102",
    "Initiativ",
    [_initiative("2023-06-01", "Ny stroke, behov av samordning inför hemgång")],
)

_CECILIA = _case(
    "194401077674",
    "AC-2023-005230",
    "Kallelse skickad",
    [
        _initiative("2023-06-05T08:15", "Undernäring och trycksår"),
        {
            "löpnr": 3,
            "typ": "KALLELSE",
            "sänt": "2023-06-07 10:02",
            "från": "VC-017",
            "möte": "2023-06-15 13:00",
            "plats": "Hälsocentralen Exempel, rum Björken",
            "kallade": ["HSV-2480", "Patient", "Make"],
        },
        {
            "löpnr": 9,
            "typ": "INFORMATIONSMEDDELANDE",
            "sänt": "2023-06-08 16:40",
            "text": "Maken kan parkera på baksidan.",
        },
    ],
)

_DAVID = [
    _case(
        "195101151818",
        "AC-2022-003310",
        "Avslutad",
        [
            _initiative("2022-01-10 10:00", "Höftfraktur, hemgång efter rehabilitering"),
            _plan(
                4,
                "2022-01-24 15:10",
                "Kunna gå till båten",
                [_NURSE | {"status": "klar"}, _HOME_CARE | {"status": "avslutad"}],
                huvudansvar="Region Exempel",
            ),
            {
                "löpnr": 8,
                "typ": "UTVÄRDERING_OCH_AVSLUT",
                "sänt": "2022-06-13 11:30",
                "datum": "2022-06-13",
                "orsak": "Målen uppnådda",
                "text": "Går utan rollator. Hemtjänsten är avslutad.",
                "måluppfyllelse": [{"mål": 1, "uppfyllt": "Ja"}],
                "lagrum": "HSL",
            },
            {"löpnr": 9, "typ": "INFORMATIONSMEDDELANDE", "sänt": "2022-06-20 08:00",
             "text": "Tack!"},
        ],
    ),
    # A plan that nobody can date: it is left out, and the other is handed on.
    _case(
        "195101151818",
        "AC-2019-000044",
        "Upprättad",
        [{"löpnr": 1, "typ": "MÅL_OCH_AKTIVITETSPLAN", "patientensMål": "Må bättre"}],
    ),
]  # fmt: skip

_ELIN = _case(
    "199001012385",
    "AC-2023-005311",
    "Kartläggning pågår",
    [
        _initiative("2023-06-12 13:45", "Smärtproblematik, risk för sjukskrivning"),
        {
            "löpnr": 2,
            "typ": "KARTLÄGGNING_SBAR",
            "sänt": "2023-06-14 09:00",
            "från": "VC-017",
            "lagrum": "HSL",
            "S": "<p>Ryggsmärta sedan &aring;rsskiftet.</p>",
            "B": "<p>Undersk&ouml;terska, <b>deltid</b>.</p>",
            "A": "<ul><li>Sitter h&ouml;gst 20 minuter</li></ul>",
            "R": "<p>M&ouml;te med f&ouml;retagsh&auml;lsan</p>",
        },
    ],
)

_FREJ = _case(
    "199001032391",
    "AC-2022-004001",
    "Ärende avbrutet",
    [
        _initiative("2022-10-03 09:00", "Psykisk ohälsa och bostadslöshet"),
        _plan(3, "2022-10-17 14:00", "Ett eget hem", [
            _activity(1, "Samtalskontakt", "Psykiatrisk mottagning / region", "varje vecka", "HSL",
                      enhet="VC-017"),
            _activity(2, "Boendestöd", "Socialpsykiatrin / kommun", "tisdagar",
                      "SoL funktionsnedsättning", delas="Nej"),
        ]),
        {"löpnr": 4, "typ": "ÄRENDE_AVBRUTET", "sänt": "2022-11-30 10:15",
         "orsak": "Samtycke återtaget", "lagrum": "HSL"},
    ],
)  # fmt: skip

_GUN = [
    _case(
        "200101012383",
        "AC-2023-001200",
        "Makulerad",
        [
            _initiative("2023-01-16 10:00", "Fel person vald i listan"),
            {"löpnr": 2, "typ": "FELSÄNT", "sänt": "2023-01-16 10:20"},
        ],
    ),
    # Only the second plan was sent by mistake; the first one holds.
    _case(
        "200101012383",
        "AC-2023-001201",
        "Upprättad",
        [
            _initiative("2023-01-16 10:30", "Ätstörning, samordning med habilitering"),
            _plan(2, "2023-02-01 10:00", "Orka med studierna", [_NURSE]),
            _plan(3, "2023-02-02 10:00", "Annans mål", [_HOME_CARE], version=2),
            {"löpnr": 4, "typ": "MAKULERAT", "avser": 3, "sänt": "2023-02-02 10:30"},
        ],
    ),
]

_HUGO = _case(
    "200901072389",
    "AC-2023-002050",
    "Mål- och aktivitetsplan upprättad",
    [
        _initiative("2023-02-06 13:00", "Hög skolfrånvaro"),
        _plan(5, "2023-02-20 15:30", "Att få vara med kompisarna", [
            _activity(1, "Samtal var fjortonde dag", "Första linjen / region", "ojämna veckor",
                      "HSL", enhet="VC-017"),
            _activity(2, "Anpassad studiegång", "Exempelskolan / skola",
                      "vårterminen", "Skollagen"),
            _activity(3, "Hälsosamtal", "Skolsköterska, Exempelskolan / skola", "mars", "HSL"),
            _activity(4, "Familjebehandling", "IFO barn / kommun", "efter beslut", "SoL"),
        ]),
    ],
    samtycke={"inhämtat": "Ja", "datum": "2023-02-06", "av": "Kurator Siv M", "undantag": "Skola"},
    utskrift=printed(["Mål- och aktivitetsplan AC-2023-002050", "Skola och IFO deltar"]),
)  # fmt: skip

_IDA = _case(
    "201201252382",
    "AC-2023-002077",
    "Uppf. pågår",
    [
        _initiative("2023-03-06 08:30", "Ny diabetes, oro i familjen"),
        _plan(2, "2023-03-20 10:00", "Kunna sova över hos kompisar", [
            _activity(1, "Diabetesmottagning", "Barnmottagningen / region", "var tredje månad",
                      "HSL", enhet="VC-017"),
            _activity(2, "Stöd vid insulin i skolan", "Elevhälsan, Exempelskolan / skola",
                      "skoldagar", "HSL", delas="Ja"),
            _activity(3, "Avlösning", "Korttids Exempel / kommun", "helger", None),
        ]),
        {"löpnr": 6, "typ": "UPPFÖLJNING", "datum": "2023-05-15", "lagrum": "HSL",
         "text": "Sover över en gång i veckan."},
    ],
)  # fmt: skip

_JONAS = _case(
    "202101012397",
    "AC-2023-002500",
    "Vilande tills vidare",
    [{"löpnr": 1, "typ": "ARKIVNOTERING", "sänt": "2023-04-03 09:00", "text": "Väntar."}],
    ändrad="2023-04-03 09:00",
)

_KAROLINA = _case(
    "189001019802",
    "AC-2023-003000",
    "Upprättad",
    [
        _initiative("2023-04-10 09:00", "Sviktande krafter"),
        _plan(2, "2023-04-17 13:30", "Få dö hemma", [_NURSE, _HOME_CARE]),
    ],
)

_LARS = [
    _case(
        "194100642398",
        "AC-2023-003401",
        "Avslutad",
        [
            {"löpnr": 1, "typ": "INSKRIVNINGSMEDDELANDE", "sänt": "2023-04-20 18:10",
             "från": "AVD-053"},
            {"löpnr": 2, "typ": "UTSKRIVNINGSKLAR", "sänt": "2023-04-25 09:30", "från": "AVD-053"},
            _plan(3, "2023-04-26 14:00", "Hem till hunden", [_NURSE]),
            {"löpnr": 4, "typ": "UTSKRIVEN", "sänt": "2023-04-27 11:00", "från": "AVD-053"},
        ],
        ärendetyp="SVU",
        ägarenhet={"kod": "AVD-053", "namn": "Avdelning 53", "typ": "Slutenvård",
                   "hsaId": " se2321000032-0a53 "},
    ),
    _case(
        "194100642398",
        "AC-2022-009001",
        "Utskriven",
        [{"löpnr": 1, "typ": "UTSKRIVEN", "sänt": "2022-02-01 11:00", "från": "AVD-053"}],
        ärendetyp="SVU",
    ),
]  # fmt: skip

_MIRA = _case(
    "199008672397",
    "AC-2023-003900",
    "Möte genomfört",
    [
        _initiative("2023-05-08 10:00", "Förlossningsdepression"),
        {
            "löpnr": 4,
            "typ": "KALLELSE",
            "sänt": "2023-05-09 10:00",
            "möte": "2023-05-16 10:00",
            "plats": "Telefon",
            "kallade": "SOC-2480, Patient",
        },
    ],
)

_RESERVE_VGR = _case(
    "19810829M071",
    "AC-2023-004100",
    "Upprättad",
    [
        _initiative("2023-05-22 22:40", "Okänd person, hittad medvetslös"),
        _plan(2, "2023-05-24 09:00", "Ej känt", [_NURSE]),
    ],
)

_RESERVE_STOCKHOLM = _case(
    "991981000010",
    "AC-2023-004101",
    "Upprättad",
    [
        _initiative("2023-05-23 01:05", "Turist, saknar svenskt nummer"),
        _plan(2, "2023-05-25 09:00", "Resa hem", [_NURSE, _HOME_CARE]),
    ],
    ägarenhet={"kod": "VC-017", "namn": "Hälsocentralen Exempel", "hsaId": "VC-017"},
)

CASES: dict[str, list[Case]] = {
    "191212121212": DEMO_CASES,
    "196501022773": [_EXAMPLE],
    "193201027723": [_ASTRID],
    "193801029202": [_BERTIL],
    "194401077674": [_CECILIA],
    "195101151818": _DAVID,
    "199001012385": [_ELIN],
    "199001032391": [_FREJ],
    "200101012383": _GUN,
    "200901072389": [_HUGO],
    "201201252382": [_IDA],
    "202101012397": [_JONAS],
    "189001019802": [_KAROLINA],
    "194100642398": _LARS,
    "199008672397": [_MIRA],
    "19810829M071": [_RESERVE_VGR],
    "991981000010": [_RESERVE_STOCKHOLM],
}
