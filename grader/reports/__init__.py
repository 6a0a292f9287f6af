"""What people read: one module a format, each a pure function of the report."""
