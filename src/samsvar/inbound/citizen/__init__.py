"""The interface for applications of citizens: a timeline, plans at three levels, who has read.

Knows JSON and plain words in Swedish and English. What may be shown has been decided before.
"""
