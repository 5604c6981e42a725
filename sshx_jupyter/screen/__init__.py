"""The exact screen of a shell, for the host, its clients and the command line. No I/O, and nothing of sessions."""
