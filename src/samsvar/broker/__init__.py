"""Questions and answers over a message broker, between the hub and its workers.

``hpke``, ``keys``, ``sealed``   who can read a message, and who can have written it
``forms``, ``records``           what stands in one; read strictly
``durable``, ``durable_end``     what stays until it has had its effect: news of an index
``news``, ``dead_letters``       such a message, and what became of those that had none
``topology``                     exchanges and queues, and who may touch which
``address``, ``link``            how the broker is reached: one thread, one connection
``proof``                        what a broker must do before it is trusted with anything
"""
