"""Fakes for tests, shipped for users too: a clock moved by hand, an outside world by script."""
