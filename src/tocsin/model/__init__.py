"""The words: what events, deployments and callers are, and the pure rules about them."""
