"""`jupyter sshx page`: writes the guest page, for a web server or a disk."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..guest_page import NotBuilt, single_file, write_directory
from .console import Failure, say


def page(arguments: argparse.Namespace) -> int:
    """Run the command."""
    directory = Path(arguments.directory)
    written = directory / ("sshx.html" if arguments.single_file else "index.html")
    try:
        if arguments.single_file:
            directory.mkdir(parents=True, exist_ok=True)
            written.write_text(single_file(), encoding="utf-8", newline="\n")
        else:
            write_directory(directory)
    except NotBuilt as error:
        raise Failure(str(error)) from None
    except OSError as error:
        raise Failure(f"The page cannot be written to {directory}: {error.strerror}.") from None
    say(f"The guest page is {written}.")
    say("The server that hosts this page can read the tickets of its guests. Use one that you trust, with https.")
    say("Guests open it with a ticket after a #. To have links lead there, set SshxApp.guest_page to its address.")
    return 0
