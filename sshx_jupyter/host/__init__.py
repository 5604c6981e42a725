"""The host's side of a session: shells, participants and who may do what. Knows nothing of transports."""
