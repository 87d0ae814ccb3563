"""The demo's person in Prator: an elderly man after falls at home, region and municipality.

Written to be read by people who work with such plans. All of it is invented.
"""

from __future__ import annotations

from samsvar.simulation import person
from samsvar_adapters.prator.simulator_print import printed

_TOLVAN = person("191212121212")
_PERSON: dict[str, object] = {
    "personnummer": _TOLVAN.short,
    "namn": _TOLVAN.name,
    "folkbokföringskommun": _TOLVAN.municipality,
}
_OWNER: dict[str, object] = {
    "kod": "VC-017",
    "namn": "Hälsocentralen Ekbacken",
    "typ": "Öppenvård",
    "hsaId": None,
}

_FLOW: list[dict[str, object]] = [
    {
        "löpnr": 1,
        "typ": "INITIATIV",
        "sänt": "2026-02-03 09:40",
        "från": "VC-017",
        "till": ["HSV-2480", "SOC-2480"],
        "kvitterat": [
            {"enhet": "HSV-2480", "tid": "2026-02-03 10:15"},
            {"enhet": "SOC-2480", "tid": "2026-02-03 13:02"},
        ],
        "anledning": "Tre fall i hemmet sedan jul. Önskar kunna bo kvar.",
        "lagrum": "HSL",
    },
    {
        "löpnr": 2,
        "typ": "KARTLÄGGNING_SBAR",
        "sänt": "2026-02-05 11:20",
        "från": "VC-017",
        "lagrum": "HSL",
        "S": "Har ramlat tre gånger sedan jul, senast i badrummet. Inget brutet, men rädd för "
        "att falla igen. Tolvan tog själv upp frågan vid läkarbesöket.",
        "B": "Bor ensam i tvåa på tredje våningen, hiss finns. Hjärtsvikt, nedsatt syn på höger "
        "öga. Hemtjänst med städning och inköp. Dottern bor tre mil bort.",
        "A": "Går med rollator inomhus, behöver stöd vid dusch. Klarar av- och påklädning. "
        "Blodtrycket sjunker när han reser sig. Vaken och klar.",
        "R": "SIP med hemsjukvård, hemtjänst och arbetsterapeut inom två veckor.",
    },
    {
        "löpnr": 3,
        "typ": "KALLELSE",
        "sänt": "2026-02-06 08:30",
        "från": "VC-017",
        "möte": "2026-02-17 13:00",
        "plats": "Hemma hos Tolvan",
        "kallade": ["HSV-2480", "SOC-2480", "REH-004", "Patient", "Dotter"],
    },
    {
        "löpnr": 5,
        "typ": "MÅL_OCH_AKTIVITETSPLAN",
        "version": 1,
        "sänt": "2026-02-17 15:10",
        "från": "VC-017",
        "lagrum": "HSL",
        "patientensMål": "Jag vill bo kvar hemma och kunna gå ner till bänken vid ån",
        "mål": [{"nr": 1, "text": "Inga fall i hemmet"}],
        "aktiviteter": [
            {
                "nr": 1,
                "mål": 1,
                "vad": "Genomgång av läkemedel",
                "vem": "Hälsocentralen Ekbacken / region",
                "enhet": "VC-017",
                "när": "2026-02-24",
                "status": "planerad",
                "lagrum": "HSL",
            }
        ],
    },
    {
        "löpnr": 6,
        "typ": "MÅL_OCH_AKTIVITETSPLAN",
        "version": 2,
        "sänt": "2026-02-18 10:05",
        "från": "VC-017",
        "lagrum": "HSL",
        "ansvarig": "Karin Lindmark",
        "huvudansvar": "Exempelkommun, hemsjukvården",
        "patientensMål": "Jag vill bo kvar hemma och kunna gå ner till bänken vid ån",
        "mål": [
            {"nr": 1, "text": "Inga fall i hemmet"},
            {"nr": 2, "text": "Gå till bänken vid ån tre gånger i veckan före midsommar"},
            {"nr": 3, "text": "Trygg vid dusch och toalettbesök"},
        ],
        "aktiviteter": [
            {
                "nr": 1,
                "mål": 1,
                "vad": "Genomgång av läkemedel, särskilt blodtryck och sömn",
                "vem": "Dr Maj Ekstrand, Hälsocentralen Ekbacken / region",
                "enhet": "VC-017",
                "när": "2026-02-24",
                "status": "utförd",
                "lagrum": "HSL",
            },
            {
                "nr": 2,
                "mål": [1, 3],
                "vad": "Hembesök med genomgång av trösklar, mattor och belysning",
                "vem": "Arbetsterapeut, Rehab Ekbacken / region",
                "enhet": "REH-004",
                "när": "v. 9",
                "status": "utförd",
                "lagrum": "HSL",
            },
            {
                "nr": 3,
                "mål": 2,
                "vad": "Balansträning och promenad med fysioterapeut",
                "vem": "Fysioterapeut, Rehab Ekbacken / region",
                "enhet": "REH-004",
                "när": "tisdagar och fredagar",
                "status": "pågår",
                "lagrum": "HSL",
            },
            {
                "nr": 4,
                "mål": 1,
                "vad": "Blodtryck liggande och stående, läkemedelsdosett",
                "vem": "Hemsjukvården Ekbacken / kommun",
                "enhet": "HSV-2480",
                "när": "varannan måndag",
                "status": "pågår",
                "lagrum": "HSL",
            },
            {
                "nr": 5,
                "mål": 3,
                "vad": "Hjälp vid dusch",
                "vem": "Hemtjänst Ekbacken / kommun",
                "enhet": "SOC-2480",
                "när": "måndag och torsdag",
                "status": "pågår",
                "lagrum": "SoL äldre",
                "delas": "Ja",
            },
            {
                "nr": 6,
                "mål": 1,
                "vad": "Trygghetslarm med fallsensor",
                "vem": "Hemtjänst Ekbacken / kommun",
                "enhet": "SOC-2480",
                "när": "dygnet runt",
                "status": "pågår",
                "lagrum": "SoL äldre",
                "delas": "Ja",
            },
            {
                "nr": 7,
                "mål": 2,
                "vad": "Följer med till bänken på söndagar",
                "vem": "Dotter",
                "när": "söndagar",
                "status": "pågår",
            },
        ],
        "fastVårdkontakt": {
            "namn": "Karin Lindmark",
            "befattning": "Distriktssköterska",
            "enhet": "VC-017",
            "enhetsnamn": "Hälsocentralen Ekbacken",
            "telefon": "010-000 00 17",
        },
        "uppföljning": "2026-04-14",
    },
    {
        "löpnr": 9,
        "typ": "UPPFÖLJNING",
        "sänt": "2026-04-14 14:30",
        "från": "VC-017",
        "datum": "2026-04-14",
        "lagrum": "HSL",
        "text": "Inga nya fall. Går till bänken två gånger i veckan med sällskap. Duschen känns "
        "trygg. Planen fortsätter, nästa uppföljning i juni.",
    },
    {
        "löpnr": 10,
        "typ": "INFORMATIONSMEDDELANDE",
        "sänt": "2026-04-15 08:05",
        "från": "SOC-2480",
        "till": ["VC-017"],
        "kvitterat": [{"enhet": "VC-017", "tid": "2026-04-15 09:00"}],
        "text": "Ny nyckelgömma är monterad.",
    },
]

DEMO_CASES: list[dict[str, object]] = [
    {
        "ärendeId": "AC-2026-000212",
        "ärendetyp": "SIP",
        "status": "Uppföljning pågår",
        "person": _PERSON,
        "skapad": "2026-02-03 09:40",
        "ägarenhet": _OWNER,
        "samtycke": {"inhämtat": "Ja", "datum": "2026-02-03", "av": "Dsk Karin Lindmark"},
        "meddelanden": _FLOW,
        "utskrift": printed(
            [
                "Mål- och aktivitetsplan, version 2",
                "Mitt mål: Jag vill bo kvar hemma och kunna gå ner till bänken vid ån",
                "Delmål: Inga fall i hemmet. Trygg vid dusch och toalettbesök.",
                "Uppföljning: 2026-04-14",
            ]
        ),
    },
    {
        "ärendeId": "AC-2025-008830",
        "ärendetyp": "SVU",
        "status": "Avslutad",
        "person": _PERSON,
        "skapad": "2025-12-28 21:15",
        "ägarenhet": {"kod": "AVD-053", "namn": "Avdelning 53", "typ": "Slutenvård"},
        "meddelanden": [
            {
                "löpnr": 1,
                "typ": "INSKRIVNINGSMEDDELANDE",
                "sänt": "2025-12-28 21:15",
                "från": "AVD-053",
                "till": ["VC-017", "SOC-2480"],
            },
            {
                "löpnr": 4,
                "typ": "UTSKRIVNINGSKLAR",
                "sänt": "2025-12-30 09:10",
                "från": "AVD-053",
            },
            {"löpnr": 5, "typ": "UTSKRIVEN", "sänt": "2025-12-30 14:00", "från": "AVD-053"},
        ],
    },
]
