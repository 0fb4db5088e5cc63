# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server's refusal means (RFC 959 §4.2). Only its number is passed on: texts may quote paths and names."""

from __future__ import annotations

import ftplib
from typing import Literal

from callsheet.adapters.transport.client import Kind, TransferError

Doing = Literal["greet", "secure", "login", "fetch", "put"]
REFUSALS = (ftplib.error_reply, ftplib.error_temp, ftplib.error_perm, ftplib.error_proto)


def code(error: ftplib.Error) -> str:
    """The three digits; empty if there are none."""
    digits = str(error)[:3]
    return digits if digits.isascii() and digits.isdigit() else ""


def of_reply(error: ftplib.Error, doing: Doing, host: str) -> TransferError:
    """The refusal in our own words."""
    number = code(error)
    text = str(error).lower()
    if not number or isinstance(error, (ftplib.error_proto, ftplib.error_reply)):
        return TransferError("other", f"{host} does not answer in FTP", temporary=True)
    if number == "421":
        return _trouble(number, suspect=False)
    if doing == "secure":
        return TransferError("certificate", f"{host} offers no TLS (FTP {number}), and nothing is sent without it")
    if number in ("430", "530", "532", "331", "332") or (doing == "login" and number.startswith("5")):
        return TransferError("credentials", f"the server does not accept user or password (FTP {number})")
    if number in ("534", "522") and doing in ("fetch", "put"):
        return TransferError("certificate", f"TLS on the data connection failed (FTP {number})", temporary=True)
    if doing == "put" and (number in ("452", "552") or "space" in text or "quota" in text):
        return TransferError("other", f"the server's disk is full (FTP {number})", temporary=True)
    if doing == "put" and number == "451":
        return TransferError("other", f"the server cannot store the file; is its disk full? (FTP {number})",
                             temporary=True)
    if number.startswith("4"):
        return _trouble(number, suspect=number != "425")
    return _refusal(number, text, doing)


def _trouble(number: str, *, suspect: bool) -> TransferError:
    return TransferError("unreachable", f"the server is in trouble (FTP {number})", temporary=True, suspect=suspect)


def _refusal(number: str, text: str, doing: Doing) -> TransferError:
    put = doing == "put"
    kind: Kind = "other"
    reason = "the server refuses"
    if "denied" in text or "permi" in text or (number == "553" and put):
        kind, reason = "credentials", "the server does not permit it"
    elif number == "550":
        kind = "missing"
        reason = "the folder for uploads does not exist" if put else "there is no file at the link"
    elif number in ("500", "502", "504"):
        reason = "the server lacks a command that is needed"
    return TransferError(kind, f"{reason} (FTP {number})", of_file=put)
