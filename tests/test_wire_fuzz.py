"""Tests of the wire with a hostile peer: any input gives a record or a `ProtocolError`, in little time and memory.

The default run tries a few hundred cases of each kind; with `GRADER_WHOLE_CORPUS` it tries 100,000, and ten megabytes
of mutated frames.
"""

from __future__ import annotations

import os
import random
import struct
import textwrap
import time
import tracemalloc
from typing import Any, Final

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.sandbox.host.session import Sandbox, WorkerGone
from grader.sandbox.wire import frames as wire
from grader.sandbox.wire.channel import ProtocolError, decode

SLOW: Final = bool(os.environ.get("GRADER_WHOLE_CORPUS"))
STRUCTURED: Final = settings(
    max_examples=100_000 if SLOW else 300, deadline=None, suppress_health_check=list(HealthCheck)
)
MUTATED_BYTES: Final = 10 * 2**20 if SLOW else 200_000
UNIONS: Final = (wire.FromWorker, wire.ToWorker, wire.FromForkserver, wire.ToForkserver)
DECODERS: Final = tuple(msgspec.msgpack.Decoder(union) for union in UNIONS)

NUMBERS = st.integers(-(2**63), 2**63 - 1)
SCALARS = st.none() | st.booleans() | NUMBERS | st.floats() | st.text(max_size=8)
ARRAYS = st.builds(
    wire.ArrayData,
    st.sampled_from([*sorted(wire.ARRAY_DTYPES), "object", "float128", "V8", "datetime64[s]", ""]),
    st.lists(st.integers(-2, 2**40) | st.integers(0, 3), max_size=10).map(tuple),
    st.binary(max_size=64).map(memoryview),
)
LEAVES = (
    SCALARS
    | ARRAYS
    | st.builds(wire.Blob, st.binary(max_size=16).map(memoryview))
    | st.builds(wire.Handle, NUMBERS, st.text(max_size=8))
    | st.builds(wire.Opaque, st.text(max_size=8), st.text(max_size=8))
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(wire.Items, st.sampled_from(["list", "tuple", "set", ""]), st.lists(inner, max_size=4).map(tuple))
        | st.builds(wire.Mapping, st.lists(st.tuples(SCALARS, inner), max_size=4).map(tuple))
    ),
    max_leaves=12,
)
FRAMES = st.builds(wire.TracebackLine, NUMBERS, st.text(max_size=8))
RAISED = st.builds(wire.Raised, NUMBERS, st.text(max_size=8), st.text(max_size=20), st.lists(FRAMES).map(tuple))
PARAMETERS = st.builds(wire.ParameterFound, st.text(max_size=8), st.text(max_size=8), st.booleans())
FUNCTIONS = st.builds(wire.FunctionFound, st.text(max_size=8), st.none() | st.lists(PARAMETERS).map(tuple))
LIMITS = st.builds(wire.Limits, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
RECORDS = st.one_of(
    st.just(wire.Started()),
    RAISED,
    st.builds(wire.Returned, NUMBERS, VALUES),
    st.builds(
        wire.Loaded,
        NUMBERS,
        st.lists(FUNCTIONS).map(tuple),
        st.lists(RAISED, max_size=3).map(tuple),
        st.lists(FRAMES, max_size=3).map(tuple),
    ),
    st.builds(
        wire.Call,
        NUMBERS,
        st.text(max_size=8),
        st.lists(VALUES, max_size=2).map(tuple),
        st.dictionaries(st.text(max_size=4), VALUES, max_size=2),
        st.booleans(),
    ),
    st.builds(wire.Load, NUMBERS, st.text(), st.lists(st.text(max_size=4)).map(tuple), st.booleans()),
    st.builds(wire.Spawn, NUMBERS, LIMITS, NUMBERS),
    st.builds(wire.Kill, NUMBERS),
    st.builds(wire.Ready, st.dictionaries(st.text(max_size=4), st.text(max_size=4))),
    st.builds(wire.Exited, NUMBERS, st.text(max_size=8), NUMBERS, st.floats(), st.floats()),
)


def take(body: bytes) -> list[Any]:
    """Pass a frame to each kind of reader; any exception but a `ProtocolError` makes the test fail."""
    taken = []
    for decoder in DECODERS:
        try:
            record = decode(decoder, body)
            taken.append((record, wire.from_wire(getattr(record, "value", None))))
        except ProtocolError:
            continue
    return taken


@STRUCTURED
@given(RECORDS)
def test_every_record_crosses_to_those_it_is_meant_for_alone(record: Any) -> None:
    body = msgspec.msgpack.encode(record)
    meant_for = [union for union in UNIONS if type(record) in union.__args__]
    received = []
    for union, decoder in zip(UNIONS, DECODERS, strict=True):
        try:
            received.append((union, type(decode(decoder, body))))
        except ProtocolError:
            assert union not in meant_for
    assert received == [(union, type(record)) for union in meant_for]
    take(body)


@STRUCTURED
@given(RECORDS, st.randoms(use_true_random=False))
def test_a_record_with_a_few_other_bytes_is_a_record_or_a_protocol_error(record: Any, rng: random.Random) -> None:
    take(mutated(msgspec.msgpack.encode(record), rng))


def mutated(body: bytes, rng: random.Random) -> bytes:
    """Return a body with bytes changed, removed, doubled or inserted, often those that give a length."""
    changed = bytearray(body)
    for _ in range(rng.randrange(1, 6)):
        place = rng.randrange(len(changed) + 1)
        byte = rng.choice([0xDD, 0xDF, 0xDB, 0xC6, 0xC9, 0xC1, 0xFF, 0x9F, 0x8F, rng.randrange(256)])
        new = rng.choice([bytes([byte]), bytes([byte]) * 5, b"", changed[:place][-8:] * 2])
        changed[place : place + rng.randrange(3)] = new
    return bytes(changed)


def test_megabytes_of_mutated_frames_are_refused_in_little_memory() -> None:
    rng = random.Random(0)
    array = wire.to_wire(
        {"x": np.arange(48, dtype=np.uint8).reshape(4, 4, 3), "y": [1.5, None, "text"]}, lambda _: None
    )
    seeds = [
        msgspec.msgpack.encode(record)
        for record in (
            wire.Returned(3, array),
            wire.Loaded(1, (wire.FunctionFound("f", ()),), (wire.Raised(1, "E", "e", (wire.TracebackLine(1, "f"),)),)),
            wire.Call(2, "f", (array,), {"seed": None}),
            wire.Spawn(1, wire.Limits(), 0),
        )
    ]
    fed = 0
    tracemalloc.start()
    try:
        while fed < MUTATED_BYTES:
            body = mutated(rng.choice(seeds), rng) if rng.random() < 0.8 else rng.randbytes(rng.randrange(400))
            fed += len(body)
            take(body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * 2**20


@pytest.mark.parametrize(
    "value",
    [
        b"\xdd" + struct.pack(">I", 2**32 - 1),  # an array that announces four billion items and has none
        b"\xdf" + struct.pack(">I", 2**32 - 1),
        b"\xdc\xff\xff" + b"\xc0" * 2**16 * 5,
        b"\x9f" + (b"\xdd" + struct.pack(">I", 90_000) + b"\xc0" * 90_000) * 15,
        b"\xdb" + struct.pack(">I", 12 * 2**20) + b"x" * (12 * 2**20),  # text takes up to 4 bytes a character
        b"\x91" * 300_000,
        b"\x81" * 300_000,
    ],
)
def test_a_small_frame_cannot_become_a_large_object(value: bytes) -> None:
    body = b"\x83\xa4type\xa8returned\xa6number\x01\xa5value\x93\xa5items\xa4list" + value
    tracemalloc.start()
    try:
        assert take(body) == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 2**20


def test_large_files_and_arrays_cross_all_the_same() -> None:
    blob = wire.Returned(1, wire.Blob(memoryview(bytes(50 * 2**20))))
    assert len(take(msgspec.msgpack.encode(blob))) == 1
    rows = wire.Returned(1, wire.to_wire([[0.5] * 10] * 10_000, lambda _: None))
    assert len(take(msgspec.msgpack.encode(rows))) == 1


@pytest.mark.parametrize("key", [b"\x93\xa5items\xa5tuple\x92\x01\x02", b"\x92\xa4blob\xc4\x01x", b"\x90"])
def test_only_plain_keys_make_a_dictionary(key: bytes) -> None:
    body = b"\x83\xa4type\xa8returned\xa6number\x01\xa5value\x92\xa7mapping\x91\x92" + key + b"\x01"
    assert take(body) == []


_SEND: Final = """
    import os, struct, sys, threading, time
    import msgspec
    from grader.sandbox.wire import frames as wire
    def send(record):
        body = msgspec.msgpack.encode(record)
        os.write(3, struct.pack('>I', len(body)) + body)
    def f(number):
        {}
"""


@pytest.mark.parametrize(
    ("body", "reason", "detail"),
    [
        ("time.sleep(600)", "timeout", "did not finish within 1 seconds"),
        ("os.write(3, b'\\0\\0\\1\\0' + b'x'); time.sleep(600)", "timeout", "did not finish within 1 seconds"),
        ("os.write(3, b'\\xff' * 8); time.sleep(600)", "protocol", "sent back something that is not data"),
        ("send(wire.Loaded(number, (), ()))", "protocol", "answered something else than was asked"),
        ("send(wire.Returned(number + 1, 1))", "protocol", "answered out of turn"),
        ("send(wire.Started())", "protocol", "answered out of turn"),
        ("os.close(1); os.close(2); time.sleep(600)", "timeout", "did not finish within 1 seconds"),
    ],
)
def test_a_worker_that_breaks_the_protocol_is_ended(sandbox: Sandbox, body: str, reason: str, detail: str) -> None:
    with sandbox.worker(seed=0) as worker:
        worker.load(textwrap.dedent(_SEND.format(body)), ("f",))
        with pytest.raises(WorkerGone) as gone:
            worker.call("f", 2, seconds=1)
        assert (gone.value.reason, gone.value.detail) == (reason, detail)
        with pytest.raises(WorkerGone):
            worker.call("f", 3)


def test_a_second_answer_is_not_taken_for_the_next_call(sandbox: Sandbox) -> None:
    with sandbox.worker(seed=0) as worker:
        worker.load(textwrap.dedent(_SEND.format("send(wire.Returned(number, 'first')); return 'second'")), ("f",))
        assert worker.call("f", 2) == "first"
        with pytest.raises(WorkerGone, match=r"^answered out of turn$"):
            worker.call("f", 3)


def test_who_waits_for_a_silent_worker_that_has_closed_its_output_is_idle(sandbox: Sandbox) -> None:
    with sandbox.worker(seed=0) as worker:
        worker.load("import os, time\ndef f():\n    os.close(1)\n    os.close(2)\n    time.sleep(600)", ("f",))
        began = time.process_time()
        with pytest.raises(WorkerGone):
            worker.call("f", seconds=2)
        assert time.process_time() - began < 1
