"""Takes part in a session over any link: for scripts, agents, the command line and notebooks."""

from .client import InputNotDelivered, SessionEnded, SshxClient
from .connection import Dial

__all__ = ["Dial", "InputNotDelivered", "SessionEnded", "SshxClient"]
