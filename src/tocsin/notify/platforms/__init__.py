"""Parts of channels that have a name of their own, some of them shared: cards, codes, calls."""
