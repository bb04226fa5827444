"""Takes in HTTP calls, verifies and reads them, and answers once they are stored."""
