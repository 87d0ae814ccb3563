"""An adapter worker: beside the source, behind its firewall, asking the broker for questions.

``config``     what its operator may set
``sources``    the source: an adapter, or a producer that speaks the contract
``judging``    which questions it takes
``answering``  the work: take, ask, answer, tell that it is there
"""
