"""HTTP on the wire: listening sockets, calls, answers, and who calls."""
