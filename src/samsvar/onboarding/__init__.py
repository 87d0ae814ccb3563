"""How a system becomes a producer: a form, a certificate, a question, a registrar's yes.

Knows applications, who may do what with them, and which rows of the registry a yes makes. Knows
no HTTP and no SQL: what it needs of the world comes in by ``onboarding.ports``.
"""
