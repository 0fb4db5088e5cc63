# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a protocol's library raises as TransferError, and an end to it after the total time-out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from callsheet.adapters.transport import faults
from callsheet.adapters.transport.client import TransferError
from callsheet.adapters.transport.cutoff import Cutoff

Raised = tuple[type[Exception], ...]


@contextmanager
def bounded(cutoff: Cutoff, seconds: float, host: str, raised: Raised) -> Iterator[None]:
    """For one transfer with `host`. `raised` is what the library raises beside OSError and UnicodeError.

    Raises TransferError.
    """
    failure: TransferError | None = None
    expected: Raised = (*raised, OSError, UnicodeError)
    try:
        with cutoff.within(seconds):
            yield
    except TransferError as error:
        failure = error
    except expected as error:
        failure = faults.of_exception(error, host)
        failure.suspect = failure.kind == "unreachable" and cutoff.connected
    # A connection that was cut looks like any other that broke, or like the end of a body.
    if cutoff.aborted:
        failure = TransferError("unreachable", "given up", temporary=True)
    elif cutoff.expired:
        reason = f"{host} took longer than {seconds:g} s (sheet.total_timeout)"
        failure = TransferError("unreachable", reason, temporary=True, suspect=True)
    if failure:
        raise failure from None
