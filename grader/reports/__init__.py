"""Reports for people to read: one module for each format, each a pure function of the results."""
