"""The words by which programs tell why the host refused, closed or did not do something. Texts are for people only."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

RefusalCode: TypeAlias = Literal[
    "invalidAuth",
    "passwordRequired",
    "version",
    "malformed",
    "notFound",
    "full",
    "locked",
    "busy",
    "rateLimited",
    "unknownClient",
    "inviteEnded",
]
"""Why a handshake is refused."""

CloseCode: TypeAlias = Literal[
    RefusalCode,
    "stopped",  # the host stopped sharing
    "expired",  # the session has reached its end time
    "abandoned",  # nobody of the host's is there any more
    "shutdown",  # the host's program ends
    "removed",  # an owner removed the user
    "notAdmitted",  # an owner turned the user away
    "replaced",  # another client has joined with the same token
    "tooSlow",  # the client does not take what it is told
]
"""Why the host ends a link after the handshake."""

ErrorCode: TypeAlias = Literal[
    "notAdmitted",  # the user still waits for approval
    "notAllowed",  # the user's role does not allow it
    "readOnly",  # nobody may write in this session
    "noShell",
    "noUser",
    "noTerminal",
    "invalid",
    "tooLong",
    "tooFast",
    "full",  # a limit does not allow one more
    "running",  # something runs in the shell; `details` has its name as `command`
    "viewed",  # the host has the shell open in a terminal of its own, which decides its size
    "sizeLocked",
    "inputFull",  # the program does not read its input
    "unavailable",  # terminals cannot be started here
    "forgotten",  # the answer to a repeated request is not kept any more
]
"""Why something that a client asked for was not done."""

RETRY: frozenset[str] = frozenset({"busy", "full", "rateLimited", "tooSlow", "unknownClient"})
"""Codes after which a client that was inside tries again. All others are final, also those of a newer host."""

SESSION_OVER: frozenset[str] = frozenset({"stopped", "expired", "abandoned", "shutdown"})
"""Close codes that end the session for everyone, and not only for this client."""

REFUSAL_CODES: tuple[str, ...] = get_args(RefusalCode)
