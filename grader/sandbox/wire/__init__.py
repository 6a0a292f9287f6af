"""What both sides of the sandbox share: the frames that cross and the names that both sides know."""
