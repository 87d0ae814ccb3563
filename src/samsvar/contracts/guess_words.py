"""Names that elements have in Swedish contracts, by what they are for; the larger the surer.

Written as ``guesses`` compares them: small letters of ASCII, without ``_``, ``.`` and ``-``.
"""

from __future__ import annotations

PERSON = {
    "patientid": 10.0,
    "personid": 9.0,
    "subjectofcareid": 10.0,
    "subjectofcare": 9.0,
    "personnummer": 10.0,
    "personnr": 9.5,
    "pnr": 9.0,
    "ssn": 9.0,
    "civicregistrationnumber": 9.0,
    "nationalidentitynumber": 9.0,
    "nationalid": 8.0,
    "personalidentitynumber": 10.0,
    "personidentitynumber": 10.0,
    "socialsecuritynumber": 9.0,
    "registeredresidentidentification": 9.0,
    "residentid": 9.0,
    "citizenid": 9.0,
    "clientid": 8.5,
    "carerecipientid": 9.0,
    "brukarid": 9.5,
    "brukareid": 9.5,
    "brukare": 8.0,
    "invanarid": 9.0,
    "invanareid": 9.0,
    "medborgarid": 9.0,
    "klientid": 8.5,
    "customerid": 6.0,
    "patient": 8.0,
    "person": 7.0,
    "citizen": 7.0,
    "subject": 6.0,
    "client": 6.0,
}
PERSON_WORDS = ("patient", "subject", "citizen", "resident", "person", "recipient", "brukar")
NOT_THE_PERSON = (
    "professional",
    "contact",
    "author",
    "staff",
    "perform",
    "relative",
    "guardian",
    "requester",
    "applicant",
    "worker",
    "employee",
    "agent",
    "handl",
    "medarbetar",
    "anhorig",
    "ombud",
)
STAFF = ("personalid", "personalhsaid")
OTHER_PEOPLE = (
    "professional",
    "practitioner",
    "participant",
    "authenticator",
    "staff",
    "perform",
    "relative",
    "guardian",
    "requester",
    "applicant",
    "opinion",
    "sender",
    "receiver",
    "informant",
    "signe",
    "handl",
    "author",
    "creator",
    "skapad",
    "medarbetar",
    "anhorig",
    "ombud",
)
"""Below an element of such a name a person is hardly the one whom the record is about."""
FAR = 4.0
NUMBERS = ("extension", "id", "identity", "identitet", "identifier", "personnummer", "hsaid")
"""Where an element that is an identifier has its value."""
SOURCE = {
    "sourcesystemhsaid": 10.0,
    "sourcesystemid": 9.5,
    "sourcesystem": 9.0,
    "sourcehsaid": 8.0,
    "kallsystemhsaid": 10.0,
    "kallsystemid": 9.5,
    "kallsystem": 9.0,
    "sourceid": 5.0,
    "logicalsystemid": 5.0,
    "systemhsaid": 5.0,
    "systemid": 5.0,
}
OWNER = {
    "healthcareprofessionalcaregiverhsaid": 10.0,
    "accountablecaregiver": 10.0,
    "accountablecaregiverhsaid": 10.0,
    "caregiverhsaid": 9.5,
    "caregiverid": 9.0,
    "caregiver": 8.5,
    "careproviderhsaid": 9.5,
    "careproviderid": 9.0,
    "accountablecaregiverid": 10.0,
    "accountablecareprovider": 10.0,
    "accountablecareproviderid": 10.0,
    "accountablehealthcareprovider": 10.0,
    "accountablehealthcareproviderid": 10.0,
    "healthcareproviderhsaid": 9.5,
    "healthcareproviderid": 9.0,
    "informationcareproviderid": 9.0,
    "informationowner": 9.0,
    "vardgivareid": 9.5,
    "vardgivarehsaid": 9.5,
    "vardgivare": 8.5,
    "omsorgsgivareid": 9.5,
    "omsorgsgivarehsaid": 9.5,
    "personuppgiftsansvarig": 9.0,
    "datacontroller": 9.0,
    "ownerhsaid": 8.5,
    "owner": 8.0,
}
RESULT = {"result": 10.0, "resultat": 10.0, "resultstatus": 8.0, "resulttype": 8.0, "status": 5.0}
CODES = ("resultcode", "resultatkod", "code", "kod", "statuscode")
LOG_IDS = ("logid", "loggid")
