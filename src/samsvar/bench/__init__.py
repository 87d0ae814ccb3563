"""The test bench for producers: questions are put, answers judged, a report is written.

Read ``run`` first, then ``checks``: the table of all rules. A producer needs no registration to
be tested; what is tested is what it answers, never how it is made.
"""
