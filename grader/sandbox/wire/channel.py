"""Send and receive records over a socket, in frames: a length, and a msgpack body of that length.

This module defines no records itself; each channel is told which ones may arrive.  Whatever a hostile peer sends,
`Channel.receive` either returns such a record or raises a `ProtocolError`, and it takes no more memory than a genuine
answer may need.

Both sides import this module, and it imports nothing from `grader`.
"""

from __future__ import annotations

import math
import select
import socket
import struct
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec

MAX_FRAME_BYTES: Final = 256 * 2**20
MAX_VALUES: Final = 2**18
"""The most values in one frame, counted over all containers.

One byte on the wire can become a hundred bytes of Python objects, so a limit on bytes alone would not bound memory.
"""

MAX_TEXT_BYTES: Final = 8 * 2**20
"""The most text in one frame, in bytes of UTF-8; as a Python string it may take four times as much."""

_CHUNK_BYTES: Final = 2**20
_HEADER: Final = struct.Struct(">I")
_ENCODER: Final = msgspec.msgpack.Encoder()


class ProtocolError(Exception):
    """The peer sent something that is not a frame, or not the frame that was due."""


class WireClosed(ProtocolError):
    """The peer closed its end, or died."""


class WireTimeout(ProtocolError):
    """No complete frame arrived before the deadline."""


Wait = Callable[[socket.socket, bool, float], None]
"""A function called as `wait(sock, for_writing, deadline)` when a socket is not ready; it returns once it is."""


def _wait(sock: socket.socket, for_writing: bool, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0:
        raise WireTimeout("no answer in time")
    timeout = None if math.isinf(left) else left
    readers, writers = ([], [sock]) if for_writing else ([sock], [])
    ready = select.select(readers, writers, [], timeout)
    if not any(ready):
        raise WireTimeout("no answer in time")


class Channel:
    """One end of a stream socket that carries frames.

    Args:
        sock: A connected stream socket; the channel owns it.
        incoming: The union of the records that may arrive; anything else raises a `ProtocolError`.
    """

    def __init__(self, sock: socket.socket, incoming: Any) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._decoder = msgspec.msgpack.Decoder(incoming)

    def fileno(self) -> int:
        """Return the socket's descriptor, so that `select` accepts a channel."""
        return self._sock.fileno()

    def close(self) -> None:
        """Close this end."""
        self._sock.close()

    def send(
        self,
        record: msgspec.Struct,
        *,
        descriptors: tuple[int, ...] = (),
        deadline: float = math.inf,
        wait: Wait = _wait,
    ) -> None:
        """Send one record.

        Args:
            record: The record to send.
            descriptors: File descriptors to pass along with it (Unix sockets only).
            deadline: The value of `time.monotonic()` after which to give up.
            wait: Called instead of the default wait, so that the caller can serve other descriptors meanwhile.

        Raises:
            WireClosed: If the peer is gone.
            WireTimeout: If the deadline passed.
            ProtocolError: If the record is larger than a frame may be.
        """
        body = _ENCODER.encode(record)
        if len(body) > MAX_FRAME_BYTES:
            raise ProtocolError(f"a frame of {len(body)} bytes is over the limit of {MAX_FRAME_BYTES}")
        header = _HEADER.pack(len(body))
        try:
            if descriptors:
                socket.send_fds(self._sock, [header], list(descriptors))
            else:
                self._send_all(header, deadline, wait)
            self._send_all(body, deadline, wait)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise WireClosed("the peer closed the wire") from error

    def _send_all(self, data: bytes, deadline: float, wait: Wait) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[self._sock.send(view) :]
            except BlockingIOError:
                wait(self._sock, True, deadline)

    def receive(
        self,
        *,
        deadline: float = math.inf,
        max_bytes: int = MAX_FRAME_BYTES,
        descriptors: list[int] | None = None,
        wait: Wait = _wait,
    ) -> Any:
        """Receive one record.

        Memory grows with the bytes that have arrived, and not with the length that a header announces.

        Args:
            deadline: The value of `time.monotonic()` after which to give up.
            max_bytes: The largest frame to accept; a larger one is refused as soon as its header is read.
            descriptors: A list to which the file descriptors that were passed along are appended.
            wait: Called instead of the default wait, so that the caller can serve other descriptors meanwhile.

        Raises:
            WireClosed: If the peer is gone.
            WireTimeout: If the deadline passed.
            ProtocolError: If what arrived is not a frame, or not a record that may arrive here.
        """
        header = self._receive_exactly(_HEADER.size, deadline, wait, descriptors)
        (size,) = _HEADER.unpack(header)
        if size > max_bytes:
            raise ProtocolError(f"a frame announces {size} bytes, over the limit of {max_bytes}")
        body = self._receive_exactly(size, deadline, wait, None)
        return decode(self._decoder, body)

    def _receive_exactly(
        self,
        size: int,
        deadline: float,
        wait: Wait,
        descriptors: list[int] | None,
    ) -> bytearray:
        received = bytearray()
        while len(received) < size:
            wanted = min(size - len(received), _CHUNK_BYTES)
            try:
                if descriptors is None:
                    chunk = self._sock.recv(wanted)
                else:
                    chunk, passed, _, _ = socket.recv_fds(self._sock, wanted, 8)
                    descriptors.extend(passed)
            except BlockingIOError:
                wait(self._sock, False, deadline)
                continue
            except ConnectionResetError as error:
                raise WireClosed("the peer closed the wire") from error
            if not chunk:
                raise WireClosed("the peer closed the wire")
            received += chunk
        return received


def decode(decoder: msgspec.msgpack.Decoder[Any], body: bytes | bytearray) -> Any:
    """Decode one frame's body.

    Raises:
        ProtocolError: If the body is not valid msgpack, or not a record of the decoder's union.
    """
    _refuse_too_many_values(body)
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, OverflowError, ValueError) as error:
        raise ProtocolError(f"a frame does not decode: {str(error)[:200]}") from error


def _refuse_too_many_values(body: bytes | bytearray) -> None:
    """Count the values and the text in a msgpack body before any object is made from it.

    The bytes of arrays and files count as one value each.

    Raises:
        ProtocolError: If there are more values, or more text, than any answer needs.
    """
    place, values, due, text = 0, 0, 1, 0
    while due and place < len(body):  # the decoder reports a body that ends too soon
        first = body[place]
        kind, size_bytes, fixed = _MSGPACK[first]
        start = place + 1 + size_bytes
        size = int.from_bytes(body[place + 1 : start], "big") if size_bytes else fixed
        place = start
        values += 1
        due -= 1
        if kind == "items":
            due += size
        elif kind == "pairs":
            due += 2 * size
        else:
            place += size
            text += size if kind == "text" else 0
        if values + due > MAX_VALUES or text > MAX_TEXT_BYTES:
            raise ProtocolError("a frame holds more values than any answer needs")


def _msgpack_kinds() -> tuple[tuple[str, int, int], ...]:
    """Return a table of msgpack's types, indexed by the first byte of a value.

    Each entry is the kind of value, the number of bytes after the first one that give its size, and the size itself if
    there are no such bytes.
    """
    kinds: list[tuple[str, int, int]] = [("plain", 0, 0)] * 256
    kinds[0x80:0x90] = [("pairs", 0, size) for size in range(16)]
    kinds[0x90:0xA0] = [("items", 0, size) for size in range(16)]
    kinds[0xA0:0xC0] = [("text", 0, size) for size in range(32)]
    kinds[0xC4:0xC7] = [("plain", size, 0) for size in (1, 2, 4)]  # bytes
    kinds[0xC7:0xCA] = [("items", 0, MAX_VALUES + 1)] * 3  # extension types are never sent: over the limit at once
    kinds[0xCA:0xD4] = [("plain", 0, size) for size in (4, 8, 1, 2, 4, 8, 1, 2, 4, 8)]  # numbers
    kinds[0xD4:0xD9] = [("items", 0, MAX_VALUES + 1)] * 5
    kinds[0xD9:0xDC] = [("text", size, 0) for size in (1, 2, 4)]
    kinds[0xDC:0xDE] = [("items", size, 0) for size in (2, 4)]
    kinds[0xDE:0xE0] = [("pairs", size, 0) for size in (2, 4)]
    return tuple(kinds)


_MSGPACK: Final = _msgpack_kinds()
