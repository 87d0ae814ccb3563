"""Plans and contacts as FHIR R4: the canonical model in, resources as plain dictionaries out.

A resource is a function of the model and of nothing else: what was taken out of a plan before it
came here is not in the output. Knows no HTTP, no token, no store and no clock. Start at
``plan_resources``; what is served stands in ``capability``.
"""
