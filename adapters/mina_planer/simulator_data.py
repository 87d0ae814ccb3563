"""Which fictive people Mina planer knows, and what plans it has for them. Deterministic.

Long, as it is a table of people: each one is there for something that a real system does.
"""

from __future__ import annotations

from samsvar.simulation import person
from samsvar_adapters.mina_planer.simulator_forms import (
    DISABILITY,
    ELDERLY,
    GERIATRIC_WARD,
    HEALTH_BOARD,
    MARKED,
    MEDICINE_WARD,
    MUNICIPAL_NURSING,
    PERSONNUMMER,
    PSYCHIATRY,
    PSYCHIATRY_OPEN,
    RESERVNUMMER,
    SAMORDNINGSNUMMER,
    SHOWN_TO_CITIZEN,
    SOCIAL_SERVICES,
    VC_NORDEN,
    Json,
    accountable,
    activity,
    admission,
    care_team,
    contact,
    extension,
    goal,
    inner,
    limitation,
    nested,
    owned_by,
    plan,
    printout,
    reference,
    relative,
    signature,
    step,
    subject,
)

SKANE_RESERVE = "19790314A1B2"
"""A fictive reservnummer of Skåne: date and four characters with at least one letter."""

_KARIN = accountable("Karin Lindfors", "SE2321000255-P101")
_OMAR = accountable("Omar Exempelgård", "SE2321000255-P204", "Överläkare")
_HOME_HELP = reference("Hemtjänst Söder")


def _tolvan() -> list[Json]:
    who = subject("191212121212")
    return [
        plan(
            "mp-88123",
            "SVU",
            "active",
            who,
            created="2023-06-01T13:05:00+02:00",
            changed="2023-06-02T09:40:00+02:00",
            author=MEDICINE_WARD,
            title="Utskrivningsplan",
            contributor=[VC_NORDEN, MUNICIPAL_NURSING, reference("Hemtjänst", kind="Organization")],
            extensions=[
                limitation(True, "2023-05-26", "2023-05-28T09:10:00+02:00"),
                step("stallningstagande-utskrivning"),
                SHOWN_TO_CITIZEN,
                _KARIN,
                admission(
                    "vt-2023-5521",
                    MEDICINE_WARD,
                    "2023-05-25T10:20:00+02:00",
                    orsak="Lunginflammation",
                    beraknadUtskrivning="2023-06-05",
                ),
                extension("vadArViktigt", valueString="Att få somna i min egen säng."),
                nested(
                    "overgripandeAnsvar",
                    inner("huvudman", valueCode="kommun"),
                    inner("namn", valueString="Söderslätts kommun, Omsorgsnämnden"),
                    inner("organisationsnummer", valueString="2129999997"),
                ),
                nested(
                    "kartlaggning",
                    inner("situation", valueString="Utskrivningsklar efter lunginflammation."),
                    inner("bakgrund", valueString="Bor ensam på andra våningen, hiss finns."),
                    inner("aktuelltTillstand", valueString="Går med rollator inomhus."),
                    inner("rekommendation", valueString="Hemsjukvård två veckor, sedan omprövas."),
                ),
                nested(
                    "behov",
                    inner("text", valueString="Stöd vid på- och avklädning"),
                    inner("livsomrade", valueString="Personlig vård"),
                ),
                nested(
                    "mote",
                    inner("tid", valueDateTime="2023-06-01T13:00:00+02:00"),
                    inner("genomfort", valueBoolean=True),
                    inner("form", valueString="Video"),
                ),
                nested("uppfoljning", inner("planerad", valueDate="2023-06-20")),
            ],
            contained=[
                goal("g1", "Jag vill kunna gå till affären själv", "Patient", due="2023-08-01"),
                goal("g2", "Inga nya fall i hemmet", "CareTeam"),
                care_team(
                    contact("Anna Provberg", "1", "Distriktssköterska", VC_NORDEN, "040-390 06 01"),
                    contact(
                        "Nils Testholm",
                        "3",
                        "Undersköterska",
                        _HOME_HELP,
                        "0410-390 60",
                        extension("lagrum", valueCode="SOL"),
                        ELDERLY,
                        MARKED,
                        owned_by(organisation="2129999997"),
                    ),
                    contact("Ulla Provgren", "3", "Undersköterska", _HOME_HELP, "0410-390 61"),
                    relative("Tage Tolvansson", "Ombud"),
                ),
                printout("utskrift-88123"),
            ],
            activity=[
                activity(
                    "Hemsjukvård, läkemedelsövertag",
                    MUNICIPAL_NURSING,
                    law="HSL",
                    more=[owned_by(HEALTH_BOARD)],
                    goal=[{"reference": "#g2"}],
                    scheduledString="Dagligen till v. 24",
                ),
                activity(
                    "Hemtjänst morgon och kväll",
                    _HOME_HELP,
                    law="SOL",
                    more=[ELDERLY, MARKED, owned_by(organisation="2129999997")],
                    goal=[{"reference": "#g1"}],
                    scheduledString="Dagligen",
                ),
                activity(
                    "Trygghetslarm", _HOME_HELP, law="SOL", status="scheduled", more=[ELDERLY]
                ),
            ],
        ),
        plan(
            "mp-61007",
            "SVU",
            "completed",
            who,
            created="2021-11-02T08:00:00+01:00",
            changed="2021-11-09T15:30:00+01:00",
            author=GERIATRIC_WARD,
            period={"start": "2021-11-02", "end": "2021-11-09"},
            extensions=[
                SHOWN_TO_CITIZEN,
                _KARIN,
                admission(
                    "vt-2021-9034",
                    GERIATRIC_WARD,
                    "2021-10-28T23:40:00+02:00",
                    slut="2021-11-09T14:00:00+01:00",
                ),
            ],
        ),
    ]


def _astrid() -> list[Json]:
    several_owners = plan(
        "mp-70210",
        "SIP",
        "active",
        subject("193201027723"),
        created="2023-02-14T10:00:00+01:00",
        changed="2023-06-08T11:15:00+02:00",
        title="SIP efter hemgång",
        contributor=[VC_NORDEN, MUNICIPAL_NURSING],
        extensions=[
            limitation(False),
            step("uppfoljning"),
            SHOWN_TO_CITIZEN,
            _KARIN,
            extension("utlosandeHandelse", valueCode="OPPENVARD"),
            nested(
                "uppfoljning",
                inner("genomford", valueDate="2023-05-30"),
                inner("text", valueString="Sover bättre. Vill pröva dagverksamhet."),
            ),
        ],
        contained=[goal("g1", "Orka följa med på körens övningar", "Patient")],
        activity=[
            activity("Blodtryckskontroll varannan vecka", VC_NORDEN, law="HSL"),
            activity("Såromläggning", MUNICIPAL_NURSING, law="HSL", more=[owned_by(HEALTH_BOARD)]),
            activity("Dagverksamhet", SOCIAL_SERVICES, law="SOL", more=[ELDERLY, MARKED]),
            activity("Matlåda", reference("Eva Provsson / Hemtjänst Söder"), law=None),
        ],
    )
    # The same plan once more, as it was before: a known fault of the older search.
    earlier = {**several_owners, "meta": {"lastUpdated": "2023-06-01T08:00:00+02:00"}}
    return [several_owners, earlier]


def _compulsory(identity: str, number: str, process: str, last_signed: str | None) -> Json:
    return plan(
        identity,
        process,
        "active",
        subject(number),
        created="2023-04-03T09:00:00+02:00",
        changed="2023-04-12T16:45:00+02:00",
        author=PSYCHIATRY,
        title="Samordnad vårdplan",
        contributor=[
            {**PSYCHIATRY, "type": "Organization"},
            {**PSYCHIATRY_OPEN, "type": "Organization"},
            {**SOCIAL_SERVICES, "type": "Organization"},
        ],
        extensions=[
            _OMAR,
            signature(PSYCHIATRY, "Omar Exempelgård", "2023-04-10T10:00:00+02:00"),
            signature(PSYCHIATRY_OPEN, "Sara Påhitt", "2023-04-11T14:20:00+02:00"),
            signature(SOCIAL_SERVICES, "Per Fiktivberg", last_signed),
        ],
        activity=[
            activity("Depåinjektion var fjärde vecka", PSYCHIATRY_OPEN, law="LPT"),
            activity("Boendestöd", SOCIAL_SERVICES, law="SOL", more=[DISABILITY, MARKED]),
        ],
    )


def _david() -> list[Json]:
    who = subject("195101151818")
    return [
        plan(
            "mp-90001",
            "SVU",
            "draft",
            who,
            created="2023-06-10T07:30:00+02:00",
            changed="2023-06-10T07:30:00+02:00",
            author=GERIATRIC_WARD,
            extensions=[
                step("inskrivningsmeddelande"),
                _KARIN,
                admission("vt-2023-6100", GERIATRIC_WARD, "2023-06-09T22:15:00+02:00"),
            ],
        ),
        plan(
            "mp-40400",
            "SIP",
            "completed",
            who,
            created="2022-01-20T13:00:00+01:00",
            changed="2022-10-03T09:00:00+02:00",
            extensions=[
                SHOWN_TO_CITIZEN,
                _KARIN,
                nested(
                    "avslut",
                    inner("datum", valueDate="2022-10-03"),
                    inner("orsak", valueString="Målen är uppnådda"),
                    inner("utvardering", valueString="David klarar vardagen med dottern nära."),
                ),
            ],
            contained=[printout("utskrift-40400", size=412_332)],
            activity=[
                activity("Arbetsterapeut hembesök", VC_NORDEN, law="HSL", status="completed")
            ],
        ),
    ]


def _elin() -> list[Json]:
    who = subject("199001012385")
    return [
        _compulsory("mp-51200", "199001012385", "LRV", "2023-04-12T16:45:00+02:00"),
        plan(
            "mp-51333",
            "SIP",
            "on-hold",
            who,
            created="2023-03-01T10:00:00+01:00",
            changed="2023-03-20T10:00:00+01:00",
            extensions=[_KARIN],
            activity=[activity("Samtalsstöd", VC_NORDEN, law="HSL", status="on-hold")],
        ),
    ]


def _frej() -> list[Json]:
    # More than a page at the usual size: often admitted, often discharged.
    return [
        plan(
            f"mp-2{number:04}",
            "SVU",
            "completed",
            subject("199001032391"),
            created=f"20{number:02}-05-04T09:00:00+02:00",
            changed=f"20{number:02}-05-11T09:00:00+02:00",
            author=MEDICINE_WARD,
            extensions=[
                _KARIN,
                admission(
                    f"vt-20{number:02}-77",
                    MEDICINE_WARD,
                    f"20{number:02}-05-03T18:00:00+02:00",
                    slut=f"20{number:02}-05-11T11:00:00+02:00",
                ),
            ],
        )
        for number in range(1, 24)
    ]


def _gun() -> list[Json]:
    # An older version: booleans as text, a display name alone, and nothing planned.
    return [
        plan(
            "mp-11001",
            "SIP",
            "active",
            subject("200101012383"),
            created="2022-09-01",
            changed=None,
            author=reference("Mottagningen Backen"),
            extensions=[
                limitation("false"),
                extension("visningInvanare", valueString="true"),
                extension("lagrum", valueCode="HSL"),
            ],
        )
    ]


def _hugo() -> list[Json]:
    school = reference("Söderslättsskolan")
    return [
        plan(
            "mp-33100",
            "SIP",
            "active",
            subject("200901072389"),
            created="2023-01-16T14:00:00+01:00",
            changed="2023-05-05T08:30:00+02:00",
            title="SIP Hugo",
            contributor=[VC_NORDEN, reference("Maria Skolmark", kind="RelatedPerson")],
            extensions=[_KARIN, nested("ombud", inner("namn", valueString="Maria Skolmark"))],
            contained=[
                care_team(
                    contact("Lena Barnsäker", "1", "Kurator", VC_NORDEN, "040-390 06 02"),
                    relative("Maria Skolmark", "Vårdnadshavare"),
                    relative("Johan Skolmark", "Vårdnadshavare"),
                ),
                printout("utskrift-33100"),
            ],
            activity=[
                activity("BUP-samtal varannan vecka", VC_NORDEN, law="HSL"),
                activity(
                    "Anpassad studiegång",
                    school,
                    law=None,
                    more=[extension("verksamhet", valueCode="SKOLA"), MARKED],
                ),
                activity(
                    "Kontaktperson",
                    SOCIAL_SERVICES,
                    law="SOL",
                    more=[extension("verksamhet", valueCode="IFO_BARN"), MARKED],
                ),
                activity(
                    "Skjuts till samtal",
                    reference("Maria Skolmark", kind="RelatedPerson"),
                    law="HSL",
                ),
            ],
        )
    ]


def _ida() -> list[Json]:
    nurse = reference("Elevhälsans medicinska insats, Söderslättsskolan")
    return [
        plan(
            "mp-34500",
            "SIP",
            "revoked",
            subject("201201252382"),
            created="2022-08-29T09:00:00+02:00",
            changed="2023-02-02T12:00:00+01:00",
            extensions=[
                _KARIN,
                extension("upprattad", valueDateTime="2022-09-12T10:00:00+02:00"),
                nested(
                    "avslut",
                    inner("datum", valueDate="2023-02-02"),
                    inner("orsak", valueString="Samtycket återtogs"),
                ),
            ],
            activity=[
                activity(
                    "Vaccinationssamtal",
                    nurse,
                    law="HSL",
                    more=[extension("verksamhet", valueCode="ELEVHALSA"), MARKED],
                )
            ],
        )
    ]


def _jonas() -> list[Json]:
    return [
        plan(
            f"mp-3600{number}",
            "SIP",
            status,
            subject("202101012397"),
            created="2023-05-02T09:00:00+02:00",
            changed="2023-05-09T09:00:00+02:00",
            extensions=[step(stage), _KARIN],
        )
        for number, (status, stage) in enumerate(
            [("draft", "stallningstagande-sip"), ("draft", "kallelse"), ("revoked", "kallelse")]
        )
    ]


def _karolina() -> list[Json]:
    return [
        plan(
            "mp-00871",
            "MVP",
            "active",
            subject(person("189001019802").short, "urn:oid:1.2.752.129.2.1.3.1"),
            created="2020-02-03T10:00:00+01:00",
            changed="2020-10-25T02:30:00",
            extensions=[_KARIN],
            activity=[activity("Palliativ kontakt", VC_NORDEN, law="HSL")],
        ),
        plan(
            "mp-00872",
            "SIP",
            "entered-in-error",
            subject("189001019802"),
            created="2020-02-04T10:00:00+01:00",
            changed="2020-02-04T10:30:00+01:00",
            extensions=[_KARIN],
        ),
    ]


def _one_draft(identity: str, who: Json, process: str, stage: str) -> list[Json]:
    return [
        plan(
            identity,
            process,
            "draft",
            who,
            created="2023-06-07T10:00:00+02:00",
            changed="2023-06-07T15:12:00.250Z",
            extensions=[step(stage), _KARIN],
        )
    ]


def _reserve() -> list[Json]:
    return [
        plan(
            "mp-99100",
            "SVU",
            "active",
            subject(SKANE_RESERVE, RESERVNUMMER),
            created="2023-06-11T10:00:00+02:00",
            changed="2023-06-11T12:00:00+02:00",
            author=MEDICINE_WARD,
            extensions=[
                _KARIN,
                admission(
                    "vt-2023-6200", MEDICINE_WARD, "2023-06-10T04:00:00+02:00", status="permission"
                ),
            ],
        )
    ]


PLANS: dict[str, list[Json]] = {
    "191212121212": _tolvan(),
    "193201027723": _astrid(),
    "193801029202": [_compulsory("mp-51000", "193801029202", "LPT", "2023-04-12T16:45:00+02:00")],
    "194401077674": [_compulsory("mp-51100", "194401077674", "LPT", None)],
    "195101151818": _david(),
    "196501022773": _one_draft("mp-36100", subject("19650102-2773"), "SIP", "kartlaggning"),
    "199001012385": _elin(),
    "199001032391": _frej(),
    "200101012383": _gun(),
    "200901072389": _hugo(),
    "201201252382": _ida(),
    "202101012397": _jonas(),
    "189001019802": _karolina(),
    "194100642398": _one_draft(
        "mp-36200", subject("194100642398", SAMORDNINGSNUMMER), "SVU", "utskrivningsklar"
    ),
    # Named as the other of the two series, as old records are.
    "199008672397": _one_draft(
        "mp-36300", subject("199008672397", PERSONNUMMER), "SIP", "initiativ"
    ),
    SKANE_RESERVE: _reserve(),
}
