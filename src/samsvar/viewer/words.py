"""Words for what has a code: statuses and kinds of plans, and why something is refused.

Swedish first, English beside it. A refusal is told as what it means for the reader and what can be
done; the rule's id stands beside it for whoever is asked about it.
"""

from __future__ import annotations

from collections.abc import Mapping

Pair = tuple[str, str]

PLAN_STATUS: Mapping[str, Pair] = {
    "INITIATED": ("Initierad", "Initiated"),
    "ASSESSING": ("Kartläggning pågår", "Needs are being assessed"),
    "INVITED": ("Kallelse skickad", "Invited to a meeting"),
    "PLANNING": ("Planering pågår", "Being planned"),
    "ESTABLISHED": ("Upprättad", "Established"),
    "FOLLOW_UP": ("Uppföljning pågår", "Being followed up"),
    "CLOSED": ("Avslutad", "Closed"),
    "INTERRUPTED": ("Avbruten", "Interrupted"),
    "ENTERED_IN_ERROR": ("Felregistrerad", "Entered in error"),
    "UNKNOWN": ("Status okänd", "Status unknown"),
}
#: plan status -> how it looks: goes on, has not begun, is over, not known
LOOKS: Mapping[str, str] = {
    "ESTABLISHED": "on",
    "FOLLOW_UP": "on",
    "INITIATED": "soon",
    "ASSESSING": "soon",
    "INVITED": "soon",
    "PLANNING": "soon",
    "CLOSED": "over",
    "INTERRUPTED": "over",
    "ENTERED_IN_ERROR": "over",
}
PLAN_TYPE: Mapping[str, Pair] = {
    "SIP": ("Samordnad individuell plan", "Coordinated individual plan"),
    "SPLPTLRV": (
        "Samordnad vårdplan, psykiatrisk tvångsvård",
        "Coordinated plan under compulsory psychiatric care",
    ),
    "SPU": ("Samordnad plan vid utskrivning", "Coordinated plan at discharge"),
    "VP": ("Vårdplan", "Care plan"),
    "HP": ("Habiliteringsplan", "Habilitation plan"),
    "RP": ("Rehabiliteringsplan", "Rehabilitation plan"),
    "GP": ("Genomförandeplan", "Implementation plan"),
    "SVP": ("Standardiserad vårdplan", "Standardised care plan"),
}
ACTIVITY_STATUS: Mapping[str, Pair] = {
    "draft": ("planerad", "planned"),
    "active": ("pågår", "ongoing"),
    "completed": ("genomförd", "completed"),
    "revoked": ("avbruten", "cancelled"),
    "unknown": ("status okänd", "status unknown"),
}
ACTIVITY_LOOKS: Mapping[str, str] = {
    "draft": "soon",
    "active": "on",
    "completed": "over",
    "revoked": "over",
    "PLANNED": "soon",
    "ONGOING": "on",
    "COMPLETED": "over",
    "CANCELLED": "over",
}
GOAL_STATUS: Mapping[str, Pair] = {
    "proposed": ("föreslaget", "proposed"),
    "in-progress": ("pågår", "ongoing"),
    "achieved": ("uppnått", "achieved"),
    "improving": ("delvis uppnått", "partly achieved"),
    "not-achieved": ("inte uppnått", "not achieved"),
    "cancelled": ("avbrutet", "cancelled"),
}
PRINCIPAL: Mapping[str, Pair] = {
    "REGION": ("Region", "Region"),
    "MUNICIPALITY": ("Kommun", "Municipality"),
}
MEETING_MODE: Mapping[str, Pair] = {
    "VIDEO": ("video", "video"),
    "PHYSICAL": ("på plats", "in person"),
    "PHONE": ("telefon", "telephone"),
}

#: what an assignment is for (commissionPurpose), as identity providers say it
PURPOSE: Mapping[str, Pair] = {
    "Vård och behandling": ("Vård och behandling", "Care and treatment"),
    "Omsorg": ("Omsorg", "Social care"),
    "Annan dokumentation enligt lag": (
        "Annan dokumentation enligt lag",
        "Other documentation required by law",
    ),
    "Kvalitetssäkring": ("Kvalitetssäkring", "Quality assurance"),
    "Kvalitetsregister": ("Kvalitetsregister", "Quality register"),
    "Statistik": ("Statistik", "Statistics"),
    "Administration": ("Administration", "Administration"),
}

#: rule or fault -> what it means for the reader, and what can be done
REFUSALS: Mapping[str, Pair] = {
    "GT1": (
        "Inloggningen är inte stark nog. Logga in med e-legitimation eller SITHS på"
        " tillitsnivå 3 eller högre.",
        "The login is not strong enough. Log in at level of assurance 3 or higher.",
    ),
    "GT2": (
        "Du har inget medarbetaruppdrag som ger dig rätt att läsa här. Logga in med ett annat"
        " uppdrag, eller tala med den som delar ut uppdrag.",
        "You have no assignment that lets you read here. Log in with another one.",
    ),
    "GT3": (
        "Ditt uppdrags ändamål räcker inte. Planer får läsas för vård, omsorg och samordning; inte"
        " för statistik eller annat, inte ens med personens samtycke.",
        "The purpose of your assignment is not one for which plans may be read; consent does not"
        " change that.",
    ),
    "GT4": (
        "Din vårdgivare eller omsorgsgivare är inte ansluten till den sammanhållna"
        " dokumentationen.",
        "Your care giver does not take part in the shared documentation.",
    ),
    "GT5": (
        "Ett reservnummer kan inte sökas hos alla: ingen kan veta vem det gäller.",
        "A reserve number cannot be looked for everywhere: nobody can know whose it is.",
    ),
    "GT6": (
        "Lagen låter inte uppgifterna delas med andra än den som äger dem.",
        "The law does not let this information be shared.",
    ),
    "GT7": (
        "Uppgifterna är inte markerade för att delas.",
        "The information has not been marked for sharing.",
    ),
    "GT8": (
        "Det gick inte att kontrollera spärrar och samtycken just nu, och då visas inget. Försök"
        " igen om en stund.",
        "Blocks and consents could not be checked just now, so nothing is shown. Try again soon.",
    ),
    "SP2": (
        "En annan enhet hos din vårdgivare har spärrat uppgifterna.",
        "Another unit of your care giver has blocked the information.",
    ),
    "VG3": (
        "Det finns ingen patientrelation, eller så har du inte angett att uppgifterna har"
        " betydelse för vården. Samtycke räcker inte ensamt.",
        "There is no patient relation, or you have not stated that the data matter for the care.",
    ),
    "VG6": (
        "Nödåtkomst gäller bara vårdgivares uppgifter, inte omsorgsgivares.",
        "Emergency access is for information of health care only.",
    ),
    "VG8": (
        "Personens inställning är inte klarlagd. Klarlägg den så långt det går först.",
        "The person's attitude has not been clarified. Do that first, as far as can be.",
    ),
    "VG9": (
        "Personen kan inte samtycka just nu. Vänta tills det går, om det inte är en nödsituation.",
        "The person cannot consent for the moment: wait, unless it is an emergency.",
    ),
    "VG12": (
        "Uppgifterna är spärrade. Ett samtycke häver ingen spärr.",
        "The information is blocked. A consent does not lift a block.",
    ),
    "OG3": (
        "Personen har varken insatser eller en utredning hos er inom det som lagen omfattar, eller"
        " så har du inte angett att uppgifterna behövs. Samtycke räcker inte ensamt.",
        "The person has no service or investigation with you, or you have not stated that the data"
        " are needed.",
    ),
    "OG5": (
        "Barnet kan inte samtycka, och då får socialtjänsten inte läsa vårdens uppgifter.",
        "The child cannot consent, so social care may not read information of health care.",
    ),
    "OG8": (
        "För den som varaktigt saknar förmåga att samtycka får socialtjänsten inte läsa vårdens"
        " uppgifter.",
        "Of somebody who lastingly cannot consent, social care may not read health care's data.",
    ),
    "OG9": (
        "Personen kan inte samtycka just nu. Vänta tills det går.",
        "The person cannot consent for the moment: wait.",
    ),
    "OG11": (
        "Nödåtkomst finns inte för socialtjänsten. Försöket har loggats.",
        "There is no emergency access for social care. The attempt has been logged.",
    ),
    "CZ3": (
        "Det som personalen fick läsa utan ditt samtycke visas inte här.",
        "What staff could read without your consent is not shown here.",
    ),
    "CZ8": (
        "Den som är 13, 14 eller 15 år kan inte läsa sina planer här än. Prata med din mottagning"
        " eller skolsköterska om du vill veta vad som står.",
        "At 13 to 15 one cannot read one's plans here yet. Ask your clinic or school nurse.",
    ),
    "CZ10": (
        "Från 13 års ålder kan vårdnadshavare inte längre läsa barnets planer här. Prata med"
        " barnet, och med mottagningen om ni behöver hjälp.",
        "From the age of 13 guardians can no longer read a child's plans here.",
    ),
    "CZ11": (
        "En vårdnadshavare kan inte spärra ett barns uppgifter.",
        "A guardian cannot block a child's information.",
    ),
    "CZ12": (
        "Ombud för en vuxen kan inte läsa här.",
        "An agent for an adult cannot read here.",
    ),
    "DEFAULT": (
        "Ingen regel tillåter det. Stämmer det som du har angett om behov och betydelse?",
        "No rule allows it. Is what you have stated of need and relevance right?",
    ),
    "VP007": (
        "Visaren har inte fått behörighet att fråga hubben. Säg till den som förvaltar visaren.",
        "The viewer may not ask the hub. Tell whoever runs the viewer.",
    ),
    "VP002": (
        "Hubben känner inte igen visaren. Säg till den som förvaltar visaren.",
        "The hub does not recognise the viewer. Tell whoever runs the viewer.",
    ),
}


def pair(table: Mapping[str, Pair], code: str | None) -> Pair:
    """The words of a code; the code itself where there are none."""
    return table.get(code or "", (code or "–", code or "–"))
