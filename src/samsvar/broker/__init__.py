"""Questions and answers over a message broker, between the hub and its workers.

``hpke``, ``keys``, ``sealed``   who can read a message, and who can have written it
``forms``, ``records``           what stands in one; read strictly
``durable``, ``durable_end``     what stays until it has had its effect: queues, and the way to them
``durable_message``, ``news``, ``log_records``   such a message: of an index, of the access log
``dead_letters``                 what became of those that had no effect
``topology``                     exchanges and queues, and who may touch which
``address``, ``link``            how the broker is reached: one thread, one connection
``proof``                        what a broker must do before it is trusted with anything
"""
