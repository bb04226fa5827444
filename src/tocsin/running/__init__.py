"""What `tocsin run` is made of: two processes, so that a build never waits for Tocsin.

The runner is the one that CI started: it starts the command (`child`), passes its output on
at once (`passing`) and keeps a copy in a bounded buffer (`spool`). Behind it is the sender
(`sending`), which reads that copy at its own pace, masks secrets and posts log lines. What the
runner imports is the standard library only: the command begins before an HTTP client is loaded.
"""
