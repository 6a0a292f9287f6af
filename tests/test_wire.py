"""The wire: what goes in comes out, and whatever else comes in is a ProtocolError."""

from __future__ import annotations

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

from grader.sandbox import wire
from grader.sandbox.channel import Channel, ProtocolError, WireClosed, WireTimeout, decode
from grader.sandbox.wire import ArrayData, Call, FromWorker, Handle, Opaque, Returned, ToWorker

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
    """A value after a round trip through bytes."""
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
    with pytest.raises(ProtocolError, match=f"^{message}$"):
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
