"""The trusted side of the sandbox: starts workers and calls them, but never imports anything from `inside`."""
