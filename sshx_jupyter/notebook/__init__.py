"""Sessions in notebooks: the `%sshx` magic, the widgets, and where the sessions live."""
