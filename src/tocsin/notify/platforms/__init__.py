"""What channels of one platform, or of several, share: calls, cards, codes, signatures."""
