# SPDX-License-Identifier: GPL-3.0-or-later
"""From what requests, urllib3, ssl and the kernel raise to one line for a human.

Texts of those libraries are never passed on: they quote URLs and headers.
"""

from __future__ import annotations

import email.utils
import http.client
import os
import socket
import ssl
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Literal

import requests
import urllib3

from callsheet.adapters.transport.client import Kind, TransferError

NOBODY_SPEAKS = (502, 503, 504)
"""5xx that concern the server as a whole: RFC 9110 §15.6.3 to §15.6.5."""
BAD_LINK = "the link cannot be read; check sheet.url and sheet.upload"
UNDECIDED = (408, 425, 429)
"""4xx that say "later", not "no": RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4."""


def of_exception(error: BaseException, host: str) -> TransferError:
    """What went wrong before there was an answer, or in the middle of it."""
    chain = list(_chain(error))
    for fault in chain:
        if isinstance(fault, ssl.SSLCertVerificationError):
            return TransferError("certificate", _certificate(fault, host))
    # What the kernel says is the most exact; the libraries wrap it in whatever they have.
    for known in (_of_system, _of_library):
        for fault in chain:
            if found := known(fault, host):
                return found
    return TransferError("unreachable", f"the connection to {host} broke off", temporary=True)


def _of_system(fault: BaseException, host: str) -> TransferError | None:
    match fault:
        case socket.gaierror():
            return _unreachable(f"the name {host} cannot be found (DNS)")
        case ConnectionRefusedError():
            return _unreachable(f"{host} refuses the connection")
        case TimeoutError():
            return _unreachable(f"no answer from {host} in time")
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError() | ConnectionError():
            return None
        case ssl.SSLError():
            reason = (fault.reason or "").replace("_", " ").lower()
            return TransferError("certificate", f"TLS with {host} failed ({reason or 'no detail'})", temporary=True)
        case OSError() if fault.errno:
            return _unreachable(f"{host} cannot be reached ({os.strerror(fault.errno)})")
        case UnicodeError():
            return TransferError("other", BAD_LINK)
    return None


def _of_library(fault: BaseException, host: str) -> TransferError | None:
    match fault:
        case http.client.IncompleteRead() | urllib3.exceptions.IncompleteRead() | urllib3.exceptions.InvalidChunkLength():
            return _unreachable(f"the answer of {host} ended early")
        case http.client.RemoteDisconnected():
            return _unreachable(f"{host} hung up without an answer")
        case http.client.HTTPException():
            return TransferError("other", f"{host} does not answer in HTTP", temporary=True)
        case urllib3.exceptions.TimeoutError() | requests.exceptions.Timeout():
            return _unreachable(f"no answer from {host} in time")
        case requests.exceptions.InvalidURL() | urllib3.exceptions.LocationValueError():
            return TransferError("other", BAD_LINK)
    return None


def _unreachable(reason: str) -> TransferError:
    return TransferError("unreachable", reason, temporary=True)


def _certificate(fault: ssl.SSLCertVerificationError, host: str) -> str:
    remedy = "if its CA is your own, set sheet.ca_file"
    if "not yet valid" in fault.verify_message:
        remedy = "is the phone's clock right?"
    elif "expired" in fault.verify_message or "match" in fault.verify_message:
        remedy = "its administrator must renew it"
    return f"the certificate of {host} is not accepted: {fault.verify_message}; {remedy}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and everything it was made from, outermost first."""
    todo: list[object] = [error]
    seen: set[int] = set()
    while todo:
        fault = todo.pop(0)
        if isinstance(fault, BaseException) and id(fault) not in seen:
            seen.add(id(fault))
            yield fault
            todo += [getattr(fault, "reason", None), *fault.args, fault.__cause__, fault.__context__]


Asked = Literal["file", "upload", "lease"]
"""What the server was asked for: to give a file, to take one, to grant a lease."""


def of_status(status: int, retry_after: str, asked: Asked) -> TransferError:
    """What a final answer other than success means."""
    wait = seconds(retry_after)
    temporary = status in UNDECIDED or (status >= 500 and status not in (501, 505))
    if asked != "file" and status == 507:
        return TransferError("other", "the server's disk is full (HTTP 507)", temporary=True, retry_after=wait)
    if temporary:
        reason = f"the server is in trouble (HTTP {status} {_phrase(status)})"
        suspect = status not in (*UNDECIDED, *NOBODY_SPEAKS)
        return TransferError("unreachable", reason, temporary=True, suspect=suspect, retry_after=wait)
    if status in (401, 407):
        return TransferError("credentials", f"the server does not accept user or password (HTTP {status})")
    kind, reason = _refusal(status, asked)
    return TransferError(kind, f"{reason} (HTTP {status})", of_file=asked != "file")


def _refusal(status: int, asked: Asked) -> tuple[Kind, str]:
    match status, asked:
        case 403, _:
            return "credentials", "the server does not permit it"
        case (404 | 410), "lease":
            return "missing", "the server gives no leases at the sheet's link"
        case (405 | 501), "lease":
            return "other", "the server gives no leases at the sheet's link"
        case (404 | 410), "file":
            return "missing", "there is no file at the link"
        case (404 | 409 | 410), "upload":
            return "missing", "the folder for uploads does not exist"
        case (405 | 501), "upload":
            return "other", "the server does not take uploads (no PUT)"
        case 413, _:
            return "too-large", "the file is too large for the server"
        case _ if status < 300:
            return "other", "the server gives an answer without the file"
        case _:
            return "other", f"the server refuses: {_phrase(status)}"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "unknown status"


def seconds(retry_after: str) -> float:
    """The header Retry-After (RFC 9110 §10.2.3), as seconds from now; 0 if absent or unreadable."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    at = http_date(text)
    return max(0.0, at - time.time()) if at else 0.0


def http_date(text: str) -> float:
    """POSIX time of an HTTP-date (RFC 9110 §5.6.7); 0 if it is none."""
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
