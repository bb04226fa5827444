"""The bell, in one process and between instances; and what waits in Redis to be taken in."""
