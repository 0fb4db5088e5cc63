# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m callsheet.simulator.town: the town as a process."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

import msgspec

from callsheet.simulator.town.behaviours import TownConfig
from callsheet.simulator.town.config import TownConfigError, demo_path, load_config
from callsheet.simulator.town.server import Town
from callsheet.simulator.town.transport import Address
from callsheet.simulator.town.uri import MessageError, parse_host_port


def _address(text: str) -> Address:
    try:
        host, port = parse_host_port(text)
    except MessageError as error:
        raise argparse.ArgumentTypeError(f"{error}; expected HOST:PORT") from error
    if port is None:
        raise argparse.ArgumentTypeError(f"no port in {text!r}; expected HOST:PORT, port 0 takes a free one")
    return host, port


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m callsheet.simulator.town", description="A town to call, over SIP."
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=demo_path(),
        metavar="FILE",
        help="who lives there (TOML); default: the demo's",
    )
    parser.add_argument(
        "--listen",
        type=_address,
        default=("127.0.0.1", 0),
        metavar="HOST:PORT",
        help="UDP and TCP; default 127.0.0.1:0",
    )
    parser.add_argument("--log", type=Path, metavar="FILE", help="ledger to append to, JSON lines")
    parser.add_argument("--fsync", action="store_true", help="force every line of the ledger to the disk")
    return parser.parse_args(argv)


async def _serve(config: TownConfig, arguments: argparse.Namespace) -> None:
    town = Town(config, arguments.listen, arguments.log, arguments.fsync)
    host, port = await town.start()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    # Whoever reads this line may end the town at once.
    print(f"listening {host}:{port}", flush=True)
    await stopped.wait()
    await town.stop()
    print(f"totals {msgspec.json.encode(town.totals()).decode()}", flush=True)


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; prints "listening HOST:PORT", and totals at the end.

    Exit status 2: bad usage, bad file, or an address that cannot be had.
    """
    arguments = _arguments(argv)
    try:
        asyncio.run(_serve(load_config(arguments.config), arguments))
    except (TownConfigError, OSError) as error:
        print(f"town: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
