"""The trusted side of the sandbox: it starts workers, calls them, and never imports anything of `inside`."""
