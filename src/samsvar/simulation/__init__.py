"""What simulators of source systems share: fictive people, knobs that break things, a server.

A simulator is a real server that speaks the native format over the network. Nothing here is
used when the hub serves.
"""

from samsvar.simulation.installation import Installation
from samsvar.simulation.knobs import Knobs
from samsvar.simulation.people import PEOPLE, Fictive, person
from samsvar.simulation.server import Tls, running, with_knobs

__all__ = ["PEOPLE", "Fictive", "Installation", "Knobs", "Tls", "person", "running", "with_knobs"]
