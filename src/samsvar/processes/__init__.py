"""Several hub processes behind the same sockets: started, watched, stopped.

Knows processes, signals and sockets. Knows nothing of what a hub does.
"""
