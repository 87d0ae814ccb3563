"""The door for people: users who have logged in, whatever they speak (FHIR, documents, JSON).

Knows tokens and scopes, routes, what a user states, how long an answer takes. Each question ends
in the walk that SOAP's questions end in. Knows no rule of access and no producer.
"""
