"""Takes part in a session over any link: for scripts, agents, the command line and notebooks."""

from .client import Dial, InputNotDelivered, SessionEnded, SshxClient

__all__ = ["Dial", "InputNotDelivered", "SessionEnded", "SshxClient"]
