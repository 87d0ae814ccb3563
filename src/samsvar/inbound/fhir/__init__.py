"""The FHIR R4 door: searches and reads in, Bundles and resources out.

Knows FHIR over HTTP: parameters, includes, preferences. What a resource says is in
``samsvar.fhir``.
"""
