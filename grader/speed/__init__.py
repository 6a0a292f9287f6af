"""Training speed: how long an epoch takes, on which device, and how that compares with the reference."""
