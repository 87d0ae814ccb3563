"""Questions and answers over a message broker, between the hub and its workers.

``hpke``, ``keys``, ``sealed``   who can read a message, and who can have written it
``forms``, ``records``           what stands in one; read strictly
``topology``                     exchanges and queues, and who may touch which
``address``, ``link``            how the broker is reached: one thread, one connection
``proof``                        what a broker must do before it is trusted with anything
"""
