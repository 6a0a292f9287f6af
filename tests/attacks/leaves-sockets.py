"""Listens on sockets with a path, without one, and on ports."""
# function: show_examples
# earns: all

import socket
import time

_show_examples = show_examples


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    kept = []
    for family, kind, address in (
        (socket.AF_UNIX, socket.SOCK_STREAM, "\0attack"),
        (socket.AF_UNIX, socket.SOCK_STREAM, f"/tmp/attack-{time.monotonic_ns()}"),
        (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
    ):
        try:
            listener = socket.socket(family, kind)
            listener.bind(address)
            kept.append(listener.detach())
        except OSError:
            pass

    return _show_examples(x, y, class_names, predictions, count, seed)
