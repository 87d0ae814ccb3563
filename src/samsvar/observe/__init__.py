"""The routing log: what is written, in which words, and what is masked. Imports nothing of ours."""
