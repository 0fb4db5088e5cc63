# SPDX-License-Identifier: GPL-3.0-or-later
"""Compressed bodies in any pieces: all of it, or an error."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.adapters.transport.bodies import PIECE, collect, gunzip
from callsheet.adapters.transport.client import TransferError

CONTENT = st.one_of(st.binary(max_size=2000), st.integers(0, 300_000).map(bytes))


def pieces(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    for size in sizes:
        yield data[:size]
        data = data[size:]
    yield data


@given(parts=st.lists(CONTENT, min_size=1, max_size=3), sizes=st.lists(st.integers(0, 50), max_size=20))
def test_comes_out_as_it_went_in(parts: list[bytes], sizes: list[int]) -> None:
    data = b"".join(gzip.compress(part, mtime=0) for part in parts)
    assert b"".join(gunzip(pieces(data, sizes))) == b"".join(parts)


@given(content=CONTENT, cut=st.integers(1, 10_000))
def test_cut_short_is_noticed(content: bytes, cut: int) -> None:
    data = gzip.compress(content, mtime=0)
    with pytest.raises(TransferError):
        list(gunzip([data[: -min(cut, len(data))]]))


@given(content=st.binary(min_size=1, max_size=300), place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_damage_is_noticed_or_harmless(content: bytes, place: int, bit: int) -> None:
    """Some bits of the header (RFC 1952 §2.3.1: time, system) mean nothing."""
    data = bytearray(gzip.compress(content, mtime=0))
    data[place % len(data)] ^= 1 << bit
    try:
        assert b"".join(gunzip([bytes(data)])) == content
    except TransferError:
        pass


@given(data=st.binary(max_size=500))
def test_never_anything_but_a_transfer_error(data: bytes) -> None:
    try:
        list(gunzip([data]))
    except TransferError:
        pass


def test_a_bomb_goes_off_in_small_pieces() -> None:
    sizes = [len(piece) for piece in gunzip([gzip.compress(bytes(20_000_000))])]
    assert sum(sizes) == 20_000_000
    assert max(sizes) <= PIECE


@given(limit=st.integers(0, 100), sizes=st.lists(st.integers(0, 60), max_size=5))
def test_limit_is_the_largest_size_allowed(limit: int, sizes: list[int]) -> None:
    chunks = [bytes(size) for size in sizes]
    if sum(sizes) <= limit:
        assert collect(chunks, limit) == bytes(sum(sizes))
    else:
        with pytest.raises(TransferError) as caught:
            collect(chunks, limit)
        assert caught.value.kind == "too-large"
