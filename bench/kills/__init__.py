"""What a production set-up keeps of its word while its parts are killed.

Run with ``python -m bench.kills``; read ``docs/benchmark.md`` first.
"""
