"""What makes the access log prove that it is whole: tree, form of a row, signed heads, proofs.

All of it is calculation on bytes that are handed in. Knows no database, file, clock or network;
``store`` has those.
"""
