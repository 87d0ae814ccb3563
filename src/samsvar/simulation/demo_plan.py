"""The demo's coordinated plan (SIP): told as data, with parts of several care givers and laws.

Its days are told from today, so that the demo always has something to come. It is written by hand,
as all that the simulated producers say. Knows the form of ``urn:samsvar:plan:1``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from samsvar.simulation.producer import Holdings
from samsvar.simulation.producer_records import Plan

PERSON = "191212121212"
_REGION, _CLINIC, _BOARD = "SE2129999997-VG1", "SE2129999971-VG1", "SE2129999989-OG1"


def with_coordinated_plan(holdings: Holdings, today: date) -> Holdings:
    """The same, and a plan for one more meeting of those who are round Tolvan."""
    plan = Plan(
        "SIP-0023",
        "Samordnad individuell plan",
        "SIP",
        _day(today, -40) + "101500",
        "Status: Uppföljning pågår\n\nSe planens delar.\n",
        "SE2129999989-U2",
        "Biståndsenheten, Exempelkommun",
        _BOARD,
        "Bo Biståndslund",
        structured=_structured(today),
    )
    plans = {**holdings.plans, PERSON: (*holdings.plans[PERSON], plan)}
    return replace(holdings, plans=plans)


def _day(today: date, days: int) -> str:
    return f"{today + timedelta(days=days):%Y%m%d}"


def _structured(today: date) -> str:
    def on(days: int) -> str:
        return _day(today, days)

    health = f'legalBasis="HSL" marked="true" owner="{_REGION}"'
    clinic = f'legalBasis="HSL" marked="true" owner="{_CLINIC}"'
    social = f'legalBasis="SOL_ELDERLY" marked="true" owner="{_BOARD}"'
    other = f'legalBasis="SOL_OTHER" marked="false" owner="{_BOARD}"'
    return f"""
<structuredPlan xmlns="urn:samsvar:plan:1" version="1" {social}>
  <status>FOLLOW_UP</status>
  <trigger>OPEN_CARE</trigger>
  <validPeriod start="{on(-40)}" end="{on(325)}"/>
  <language>sv-SE</language>
  <overallResponsible principal="MUNICIPALITY" idRoot="1.2.752.29.4.3" id="2129999989"
    >Exempelkommun, Omsorgsnämnden</overallResponsible>
  <whatsImportant>Att bo kvar hemma med katten, orka gå ut varje dag, och slippa berätta
 samma sak för alla.</whatsImportant>
  <need id="n1" {social}><text>Hjälp med dusch och tunga inköp</text>
    <lifeArea>Personlig vård</lifeArea></need>
  <need id="n2" {health}><text>Följa hjärtsvikten så att den inte blir värre</text>
    <lifeArea>Hälsa</lifeArea></need>
  <goal id="g1" kind="PATIENT_OWN" {social}><text>Jag vill gå till brevlådan själv varje dag</text>
    <status>ACTIVE</status><targetDate>{on(60)}</targetDate></goal>
  <goal id="g2" kind="SHARED" {health}><text>Ingen ny inläggning för hjärtsvikt i vinter</text>
    <status>ACTIVE</status><targetDate>{on(150)}</targetDate></goal>
  <activity id="a1" goal="g1" {social}><text>Hjälp vid dusch</text>
    <responsible principal="MUNICIPALITY">Hemtjänst Norr, Exempelkommun</responsible>
    <timing start="{on(-35)}" end="{on(325)}">Tisdag och fredag</timing>
    <status>ONGOING</status><socialServiceType>HEMTJANST</socialServiceType></activity>
  <activity id="a2" goal="g1" {health}><text>Gångträning med fysioterapeut</text>
    <responsible principal="REGION" hsaId="SE2129999997-U5"
      >Rehabenheten Exempelsjukhuset</responsible>
    <person>Oskar Lindh, fysioterapeut</person>
    <timing start="{on(11)}" end="{on(70)}">En gång i veckan</timing>
    <status>PLANNED</status></activity>
  <activity id="a3" goal="g2" {clinic}><text>Provtagning och vikt</text>
    <responsible principal="REGION" hsaId="SE2129999971-U31">Vårdcentralen Granen</responsible>
    <person>Hassan Berg, diabetessköterska</person>
    <timing start="{on(18)}"/><status>PLANNED</status></activity>
  <activity id="a4" goal="g2" {health}><text>Väga mig varje morgon och ringa vid uppgång</text>
    <responsible principal="OTHER">Jag själv</responsible>
    <timing start="{on(-40)}">Varje morgon</timing><status>ONGOING</status></activity>
  <activity id="a5" goal="g1" {other}><text>Ekonomisk rådgivning</text>
    <responsible principal="MUNICIPALITY">Socialkontoret</responsible>
    <timing start="{on(5)}"/><status>PLANNED</status></activity>
  <contact type="1" system="1.2.752.129.5.1.69" {health}><name>Linnea Ekbom</name>
    <profession>Sjuksköterska</profession><unit hsaId="SE2129999997-U1"
      >Medicinkliniken Exempelsjukhuset</unit><phone>0900-390 06 10</phone></contact>
  <contact {social}><name>Björn Öst</name><typeText>Fast omsorgskontakt</typeText>
    <unit>Hemtjänst Norr, Exempelkommun</unit><phone>0900-390 06 22</phone></contact>
  <meeting at="{on(-40)}093000" held="true" mode="PHYSICAL" place="Hemma"/>
  <meeting at="{on(46)}130000" held="false" mode="VIDEO"/>
  <followUp planned="{on(46)}" {social}><text>Hur går det med målen?</text></followUp>
  <participant hsaId="SE2129999997-U1">Medicinkliniken Exempelsjukhuset</participant>
  <participant hsaId="SE2129999971-U31">Vårdcentralen Granen</participant>
</structuredPlan>"""
