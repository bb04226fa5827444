"""The client's side of `/ws`: a line to a server that is kept up, and what is said on it."""
