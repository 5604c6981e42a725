"""The wire protocol ``sshx/1``, sans-I/O: bytes in, values out; no sockets, no tasks, no clocks."""
