"""The wire, no I/O but packaged files: bytes in, our words out, and back."""
