"""Memory: what the hub keeps in its data folder. Each module implements one port."""
