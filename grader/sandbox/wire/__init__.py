"""Code that both sides of the sandbox share: the frames that cross between them and the names that both know."""
