"""The truth: the journal and what is folded from it; the only place that knows SQL."""
