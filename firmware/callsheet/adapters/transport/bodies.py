# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a body whole, and not more of it than allowed."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from callsheet.adapters.transport.client import TransferError

GZIP = 31
"""Window size that makes zlib expect a gzip header and trailer (zlib manual, inflateInit2)."""
PIECE = 256 * 1024


def collect(chunks: Iterable[bytes], limit: int) -> bytes:
    """All chunks in one. Raises TransferError above `limit` bytes."""
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise too_large(limit)
    return bytes(body)


def gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The decompressed content in small pieces, so that a few kilobytes cannot become gigabytes at once.

    Members may follow one another (RFC 1952 §2.2). Raises TransferError if the
    stream is damaged or ends early.
    """
    inflate = zlib.decompressobj(GZIP)
    try:
        for chunk in chunks:
            while chunk:
                if inflate.eof:
                    inflate = zlib.decompressobj(GZIP)
                yield inflate.decompress(chunk, PIECE)
                chunk = inflate.unconsumed_tail or inflate.unused_data
        while not inflate.eof and (rest := inflate.decompress(b"", PIECE)):
            yield rest
    except zlib.error:
        raise TransferError("unreachable", "the compressed answer is damaged", temporary=True) from None
    if not inflate.eof:
        raise TransferError("unreachable", "the compressed answer ended early", temporary=True)


def too_large(limit: int) -> TransferError:
    """The file is larger than the settings allow."""
    return TransferError("too-large", f"the file is larger than {limit} bytes (sheet.max_bytes)")
