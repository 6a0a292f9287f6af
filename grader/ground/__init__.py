"""Helpers that the whole package uses: errors, files, text, messages to standard error, and the machine.

This folder imports no other folder of the package.
"""
