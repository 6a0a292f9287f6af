"""The isolation levels, as far as both sides of the sandbox need them."""
