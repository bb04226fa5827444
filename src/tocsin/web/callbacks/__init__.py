"""Routes of callbacks under `/api/v1/release`: who is told of what, in which words, and when."""
