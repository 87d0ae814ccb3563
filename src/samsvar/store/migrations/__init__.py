"""The database's schema, step by step; run by ``store.database`` in its own process."""
