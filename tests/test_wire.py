"""Tests of the wire protocol: values arrive unchanged, and anything that is not a valid frame is a ProtocolError."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from grader.sandbox.wire import channel as channels
from grader.sandbox.wire import frames as wire
from grader.sandbox.wire.channel import Channel, ProtocolError, WireClosed, WireTimeout, decode
from grader.sandbox.wire.frames import ArrayData, Call, FromWorker, Handle, Opaque, Returned, ToWorker

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63) + 1, 2**63 - 1), st.floats(allow_nan=False), st.text(), st.binary()
)
ARRAYS = npst.arrays(st.sampled_from(sorted(wire.ARRAY_DTYPES)), npst.array_shapes(min_dims=0, max_dims=4, max_side=4))
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def crossed(value: Any) -> Any:
    """Return a value after a round trip through bytes."""
    body = msgspec.msgpack.encode(Returned(1, wire.to_wire(value, lambda _: Opaque("?", "?"))))
    return wire.from_wire(decode(msgspec.msgpack.Decoder(FromWorker), body).value)


@given(DATA)
def test_plain_data_crosses_unchanged(value: Any) -> None:
    # Lone surrogates cannot be UTF-8; they cross as question marks.
    def expected(item: Any) -> Any:
        if isinstance(item, str):
            return item.encode("utf-8", "replace").decode()
        if isinstance(item, list):
            return [expected(part) for part in item]
        if isinstance(item, dict):
            return {expected(key): expected(part) for key, part in item.items()}
        return item

    assert crossed(value) == expected(value)


@given(ARRAYS)
def test_arrays_cross_unchanged(array: np.ndarray[Any, Any]) -> None:
    back = crossed(array)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert np.array_equal(back, array, equal_nan=array.dtype.kind == "f")


def test_strided_and_big_endian_arrays_cross_by_value() -> None:
    array = np.arange(24, dtype=">i4").reshape(4, 6)[::2, ::-3]
    assert crossed(array).tolist() == array.tolist()


def test_tuples_stay_tuples_and_numpy_scalars_become_arrays() -> None:
    assert crossed((1, [2, (3,)])) == (1, [2, (3,)])
    assert crossed(np.float32(1.5)).shape == ()


@pytest.mark.parametrize(
    "value", [np.array(["text"]), np.array([object()]), np.zeros(3, "datetime64[s]"), 2**64, object()]
)
def test_what_is_no_data_crosses_as_a_description(value: Any) -> None:
    assert isinstance(crossed(value), Opaque)


def test_deep_nesting_ends_in_a_description() -> None:
    value: list[Any] = []
    for _ in range(100):
        value = [value]
    result = crossed(value)
    for _ in range(wire.MAX_DEPTH + 1):
        result = result[0]
    assert result == Opaque("list", "nested too deeply")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (ArrayData("object", (1,), memoryview(b"12345678")), "an array of dtype 'object' does not cross"),
        (ArrayData("uint8", (2, 2), memoryview(b"123")), "an array's shape and bytes do not agree"),
        (ArrayData("uint8", (-1, -4), memoryview(b"1234")), "an array has an impossible shape"),
        (ArrayData("uint8", (1,) * 9, memoryview(b"1")), "an array has an impossible shape"),
        (ArrayData("float64", (2**40, 2**40), memoryview(b"")), "an array has an impossible shape"),
        (ArrayData("bool", (0, 2**32, 2**32), memoryview(b"")), "an array has an impossible shape"),
        (ArrayData("bool", (2,), memoryview(b"\x01\x02")), "an array of dtype bool holds other bytes than 0 and 1"),
    ],
)
def test_an_array_that_does_not_agree_with_itself_is_refused(data: ArrayData, message: str) -> None:
    with pytest.raises(ProtocolError, match=rf"^{message}$"):
        wire.from_wire(data)


@settings(max_examples=2000)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_record_or_a_protocol_error(body: bytes) -> None:
    for union in (FromWorker, ToWorker, wire.FromForkserver, wire.ToForkserver):
        try:
            record = decode(msgspec.msgpack.Decoder(union), body)
            wire.from_wire(getattr(record, "value", None))
        except ProtocolError:
            pass


_PACKED = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["type", "number", "value", "frames"]), inner)
    ),
    max_leaves=20,
)


@settings(max_examples=1000)
@given(st.sampled_from(["raised", "returned", "loaded", "array", "items"]), _PACKED, _PACKED)
def test_well_formed_frames_of_any_content_are_a_record_or_a_protocol_error(tag: str, first: Any, second: Any) -> None:
    body = msgspec.msgpack.encode(
        {"type": tag, "number": 1, "value": [tag, first, second], "message": first, "frames": second}
    )
    try:
        record = decode(msgspec.msgpack.Decoder(FromWorker), body)
        wire.from_wire(getattr(record, "value", None))
    except ProtocolError:
        pass


@pytest.fixture
def pair() -> Any:
    ours, theirs = socket.socketpair()
    channel = Channel(ours, FromWorker)
    yield channel, theirs
    channel.close()
    theirs.close()


def test_a_frame_over_the_limit_is_refused_by_its_header(pair: Any) -> None:
    channel, peer = pair
    peer.sendall(struct.pack(">I", 2**31))
    with pytest.raises(ProtocolError, match=r"^a frame announces 2147483648 bytes, over the limit of"):
        channel.receive()


def test_a_peer_that_stops_in_mid_frame_is_a_timeout_and_allocates_nothing(pair: Any) -> None:
    channel, peer = pair
    peer.sendall(struct.pack(">I", 200 * 2**20) + b"x")
    with pytest.raises(WireTimeout):
        channel.receive(deadline=time.monotonic() + 0.05)


def test_a_peer_that_hangs_up_is_wire_closed(pair: Any) -> None:
    channel, peer = pair
    peer.close()
    with pytest.raises(WireClosed):
        channel.receive()


def test_a_record_of_the_other_direction_is_refused(pair: Any) -> None:
    channel, peer = pair
    other = Channel(peer.dup(), ToWorker)
    other.send(Call(1, "predict", (), {}))
    with pytest.raises(ProtocolError, match=r"^a frame does not decode"):
        channel.receive()
    other.close()


def test_large_arrays_cross_while_the_peer_reads(pair: Any) -> None:
    channel, peer = pair
    other = Channel(peer.dup(), ToWorker)
    array = np.random.default_rng(0).integers(0, 256, (500, 32, 32, 3), np.uint8)
    record = Returned(7, wire.to_wire(array, lambda _: Opaque("?", "?")))
    sender = threading.Thread(target=other.send, args=(record,))
    sender.start()
    received = channel.receive()
    sender.join()
    other.close()
    assert received.number == 7
    assert np.array_equal(wire.from_wire(received.value), array)


def test_handles_are_resolved_where_they_belong() -> None:
    assert wire.from_wire(Handle(3, "Sequential"), lambda handle: handle.number * 2) == 6
    assert wire.from_wire(Handle(3, "Sequential")) == Handle(3, "Sequential")


NIL = b"\xc0"


def msgpack_values() -> list[tuple[bytes, int, int]]:
    """Return a value of each msgpack type: its bytes, how many values it is with those inside it, and bytes of text."""
    found = [(bytes([first]), 1, 0) for first in (*range(0x80), *range(0xE0, 0x100), 0xC0, 0xC1, 0xC2, 0xC3)]
    for size in range(16):
        found += [
            (bytes([0x80 + size]) + 2 * size * NIL, 1 + 2 * size, 0),
            (bytes([0x90 + size]) + size * NIL, 1 + size, 0),
        ]
    found += [(bytes([0xA0 + size]) + size * b"x", 1, size) for size in range(32)]
    for width, first in enumerate((0xC4, 0xC5, 0xC6)):
        found.append((bytes([first]) + (3).to_bytes(2**width, "big") + b"xyz", 1, 0))
    for width, first in enumerate((0xD9, 0xDA, 0xDB)):
        found.append((bytes([first]) + (3).to_bytes(2**width, "big") + b"xyz", 1, 3))
    for width, (array, mapping) in enumerate(((0xDC, 0xDE), (0xDD, 0xDF)), 1):
        found.append((bytes([array]) + (3).to_bytes(2**width, "big") + 3 * NIL, 4, 0))
        found.append((bytes([mapping]) + (3).to_bytes(2**width, "big") + 6 * NIL, 7, 0))
    widths = (4, 8, 1, 2, 4, 8, 1, 2, 4, 8)
    return found + [(bytes([first]) + b"\x9f" * width, 1, 0) for first, width in enumerate(widths, 0xCA)]


@pytest.mark.parametrize(("packed", "values", "text"), msgpack_values())
def test_values_and_text_are_counted_before_anything_is_made_of_them(
    packed: bytes, values: int, text: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b"\x93" + packed + b"\x92" + NIL + NIL + b"\xa2ab"  # an array of it, two more in another, and two letters
    values, text = values + 5, text + 2
    for most, bytes_of_text, fits in ((values, text, True), (values - 1, text, False), (values, text - 1, False)):
        monkeypatch.setattr(channels, "MAX_VALUES", most)
        monkeypatch.setattr(channels, "MAX_TEXT_BYTES", bytes_of_text)
        if fits:
            channels._refuse_too_many_values(body)
        else:
            with pytest.raises(ProtocolError, match=r"^a frame holds more values than any answer needs$"):
                channels._refuse_too_many_values(body)


@pytest.mark.parametrize("first", [0xC7, 0xC8, 0xC9, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8])
def test_extensions_of_the_format_are_refused(first: int) -> None:
    with pytest.raises(ProtocolError, match="more values than any answer needs"):
        decode(msgspec.msgpack.Decoder(), bytes([first]) + bytes(20))


def test_what_does_not_decode_is_told_shortly() -> None:
    with pytest.raises(ProtocolError) as raised:
        decode(msgspec.msgpack.Decoder(dict[str, int]), msgspec.msgpack.encode({"k" * 900: "x"}))
    assert str(raised.value).startswith("a frame does not decode: Expected `int`, got `str`")
    assert len(str(raised.value)) <= len("a frame does not decode: ") + 200


def test_descriptors_travel_with_a_record() -> None:
    ours, theirs = (Channel(one, FromWorker) for one in socket.socketpair())
    reading, writing = os.pipe()
    try:
        theirs.send(Returned(1, "x"), descriptors=(writing,))
        passed: list[int] = []
        assert ours.receive(descriptors=passed) == Returned(1, "x")
        (copy,) = passed
        os.write(copy, b"through")
        os.close(copy)
        assert os.read(reading, 20) == b"through"
    finally:
        for end in (reading, writing):
            os.close(end)
        ours.close()
        theirs.close()


def test_a_frame_is_as_long_as_it_may_be_and_no_longer(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    channel, peer = pair
    other = Channel(peer.dup(), ToWorker)
    record = Returned(1, "x" * 100)
    size = len(msgspec.msgpack.encode(record))
    other.send(record)
    assert channel.receive(max_bytes=size) == record
    other.send(record)
    with pytest.raises(ProtocolError, match=rf"^a frame announces {size} bytes, over the limit of {size - 1}$"):
        channel.receive(max_bytes=size - 1)
    monkeypatch.setattr(channels, "MAX_FRAME_BYTES", size)
    other.send(record)
    monkeypatch.setattr(channels, "MAX_FRAME_BYTES", size - 1)
    with pytest.raises(ProtocolError, match=rf"^a frame of {size} bytes is over the limit of {size - 1}$"):
        other.send(record)
    other.close()


def test_waiting_can_be_done_otherwise_and_ends_at_the_deadline(pair: Any) -> None:
    channel, peer = pair
    other = Channel(peer.dup(), ToWorker)
    waits: list[tuple[bool, float]] = []

    def wait(_sock: socket.socket, writing: bool, deadline: float) -> None:
        waits.append((writing, deadline))
        if len(waits) == 3:
            raise WireTimeout("enough")

    with pytest.raises(WireTimeout, match=r"^enough$"):
        channel.receive(deadline=5.0, wait=wait)
    assert waits == [(False, 5.0)] * 3
    waits.clear()
    with pytest.raises(WireTimeout, match=r"^enough$"):
        other.send(Returned(1, "x" * 10**7), deadline=7.0, wait=wait)
    assert waits == [(True, 7.0)] * 3
    with pytest.raises(WireTimeout):
        other.send(Returned(1, "x" * 10**7), deadline=time.monotonic() + 0.05)
    other.close()


def test_a_record_comes_in_pieces_and_the_deadline_holds_for_each(pair: Any) -> None:
    channel, peer = pair
    body = msgspec.msgpack.encode(Returned(1, "x" * 50))
    frame = struct.pack(">I", len(body)) + body

    def send_slowly() -> None:
        for place in range(0, len(frame), 7):
            peer.sendall(frame[place : place + 7])
            time.sleep(0.01)

    sender = threading.Thread(target=send_slowly)
    sender.start()
    assert channel.receive(deadline=time.monotonic() + 10) == Returned(1, "x" * 50)
    sender.join()


@pytest.mark.parametrize("sends", [True, False])
def test_a_peer_that_is_gone_is_wire_closed(sends: bool) -> None:
    ours, theirs = socket.socketpair()
    channel = Channel(ours, FromWorker)
    if not sends:
        channel.send(Returned(1, 1))  # never read, so that closing resets the connection
    theirs.close()
    with pytest.raises(WireClosed, match=r"^the peer closed the wire$"):
        if sends:
            channel.send(Returned(1, 1))
        else:
            channel.receive()
    channel.close()


def test_what_is_too_much_or_no_data_crosses_as_a_description_that_says_so() -> None:
    kept: list[Any] = []

    def keep(value: Any) -> Opaque:
        kept.append(value)
        return Opaque("kept", "kept")

    most = 2**63 - 1
    assert [crossed(number) for number in (most, -most)] == [most, -most]
    for number in (most + 1, -most - 1):
        assert wire.to_wire(number, keep) == Opaque("int", "an integer beyond 64 bits")
    many = [0] * (wire.MAX_ITEMS + 1)
    assert wire.to_wire(many, keep) == Opaque("list", f"{len(many)} items")
    assert wire.to_wire(tuple(many), keep) == Opaque("tuple", f"{len(many)} items")
    deep = np.zeros((1,) * (wire.MAX_RANK + 1), np.uint8)
    assert wire.to_wire(deep, keep) == Opaque("ndarray", f"array of dtype uint8 and shape {deep.shape}")
    assert crossed(deep[0]).shape == deep[0].shape
    assert wire.to_wire(np.str_("x" * 10), keep) == Opaque("str_", "array of dtype <U10 and shape ()")
    assert not kept
    odd = object()
    tables = [{(1, 2): 3}, {most + 1: 1}, dict.fromkeys(many, 0) | dict.fromkeys(range(wire.MAX_ITEMS + 1), 0)]
    for value in (odd, *tables):
        assert wire.to_wire(value, keep) == Opaque("kept", "kept")
        assert kept.pop() is value
    assert crossed({None: 1, True: 2, 3: [4], 5.5: {"x": b"y"}}) == {None: 1, True: 2, 3: [4], 5.5: {"x": b"y"}}
    assert crossed([0] * wire.MAX_ITEMS) == [0] * wire.MAX_ITEMS


def test_depth_is_counted_through_lists_and_dictionaries() -> None:
    def nested(depth: int, wrap: Any) -> Any:
        value: Any = 1
        for _ in range(depth):
            value = wrap(value)
        return value

    for wrap in (lambda value: [value], lambda value: {"k": value}, lambda value: (value,)):
        whole = nested(wire.MAX_DEPTH, wrap)
        assert crossed(whole) == whole
        assert "Opaque" in repr(crossed(wrap(whole)))


def test_an_array_of_a_dtype_that_does_not_cross_is_an_error() -> None:
    with pytest.raises(TypeError, match=r"^arrays of dtype complex128 do not cross$"):
        wire.array_to_wire(np.zeros(2, complex))
    sent = wire.array_to_wire(np.arange(6, dtype=">i2").reshape(2, 3))
    assert (sent.dtype, sent.shape, bytes(sent.data)) == ("int16", (2, 3), np.arange(6, dtype="<i2").tobytes())


def test_arrays_may_be_as_large_as_a_frame_and_of_any_rank_that_is_allowed() -> None:
    longest = channels.MAX_FRAME_BYTES // 2
    assert wire.array_from_wire(ArrayData("int16", (0, longest), memoryview(b""))).shape == (0, longest)
    with pytest.raises(ProtocolError, match=r"^an array has an impossible shape$"):
        wire.array_from_wire(ArrayData("int16", (0, longest + 1), memoryview(b"")))
    shape = (1,) * wire.MAX_RANK
    assert wire.array_from_wire(ArrayData("uint8", shape, memoryview(b"7"))).shape == shape
    with pytest.raises(ProtocolError, match=rf"^an array of dtype '{'x' * 40}' does not cross$"):
        wire.array_from_wire(ArrayData("x" * 50, (1,), memoryview(b"7")))
    assert wire.array_from_wire(ArrayData("bool", (2,), memoryview(b"\x01\x00"))).tolist() == [True, False]
