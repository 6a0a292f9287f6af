"""Says once more that it has just been started."""
# function: show_examples
# earns: none
# because: The code answered out of turn.

import os
import struct
import time
import msgspec
from grader.sandbox.wire import frames as wire

def send(record):
    body = msgspec.msgpack.encode(record)
    os.write(3, struct.pack(">I", len(body)) + body)


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    send(wire.Started())
    time.sleep(600)
