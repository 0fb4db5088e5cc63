# SPDX-License-Identifier: GPL-3.0-or-later
"""The town's file (TOML), on top of the catalogue of behaviours that is always there."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from callsheet.simulator.town.behaviours import Behaviour, Span, TownConfig
from callsheet.simulator.town.rtp import DIGITS
from callsheet.simulator.town.tones import SOUNDS

CATALOGUE = "catalogue.toml"


class TownConfigError(ValueError):
    """The file is wrong; the text names file and key and says what is expected."""


def demo_path() -> Path:
    """The town of the demo."""
    return Path(__file__).with_name("demo.toml")


def load_config(path: Path | str) -> TownConfig:
    """Read a town's file. Raises TownConfigError."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise TownConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TownConfigError(f"{path}: is not UTF-8 at byte {error.start}") from error
    return parse_config(text, str(path))


def parse_config(text: str, name: str = "town") -> TownConfig:
    """The same from text; `name` stands in errors. Raises TownConfigError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TownConfigError(f"{name}: not TOML: {error}") from error
    return build_config(data, name)


def build_config(data: dict[str, Any], name: str = "town") -> TownConfig:
    """The same from what TOML decodes to. A behaviour of the catalogue's name changes only the keys it gives.

    Raises TownConfigError.
    """
    given = data.get("behaviours", {})
    if not isinstance(given, dict) or not all(isinstance(v, dict) for v in given.values()):
        raise TownConfigError(f"{name}: behaviours: expected tables, [behaviours.NAME]")
    known = _catalogue()
    merged = {key: {**known.get(key, {}), **value} for key, value in given.items()}
    behaviours = {**merged, **{key: value for key, value in known.items() if key not in merged}}
    try:
        config = msgspec.convert({**data, "behaviours": behaviours}, TownConfig)
    except msgspec.ValidationError as error:
        raise TownConfigError(
            f"{name}: {_explain(str(error), {**data, 'behaviours': behaviours})}"
        ) from error
    _check(config, name)
    return config


@cache
def _catalogue() -> dict[str, dict[str, Any]]:
    data = tomllib.loads(Path(__file__).with_name(CATALOGUE).read_text(encoding="utf-8"))
    tables: dict[str, dict[str, Any]] = data["behaviours"]
    return tables


def _explain(message: str, data: dict[str, Any]) -> str:
    """msgspec's words with the key first; it hides the keys of open tables behind `[...]`, so look for them."""
    text, _, where = message.partition(" - at `")
    key = where.rstrip("`").removeprefix("$").lstrip(".")
    if key.startswith(("behaviours[...]", "behaviours.[...]")):
        for name, table in data["behaviours"].items():
            try:
                msgspec.convert(table, Behaviour)
            except msgspec.ValidationError as error:
                text, _, inner = str(error).partition(" - at `")
                inner = inner.rstrip("`").removeprefix("$")
                return f"behaviours.{name}{inner}: {_plain(text)}"
    return f"{key or 'top level'}: {_plain(text)}"


def _plain(text: str) -> str:
    return text.replace("Object contains unknown field", "unknown key").replace("Expected", "expected")


def _check(config: TownConfig, name: str) -> None:
    if not config.codecs:
        raise TownConfigError(f'{name}: codecs: expected at least one of "PCMU", "PCMA"')
    if config.default not in config.behaviours:
        raise TownConfigError(f"{name}: default: there is no behaviour {config.default!r}")
    for number, wanted in config.numbers.items():
        if wanted not in config.behaviours:
            raise TownConfigError(f"{name}: numbers.{number}: there is no behaviour {wanted!r}")
    for key, behaviour in config.behaviours.items():
        fault = _fault(behaviour, config)
        if fault:
            raise TownConfigError(f"{name}: behaviours.{key}.{fault}")


def _fault(behaviour: Behaviour, config: TownConfig) -> str:
    for part in behaviour.sequence:
        if part not in config.behaviours:
            return f"sequence: there is no behaviour {part!r}"
        if config.behaviours[part].sequence:
            return f"sequence: {part!r} is itself a sequence"
    spans: dict[str, Span | str | None] = {
        "delay": behaviour.delay,
        "ring": behaviour.ring,
        "talk": behaviour.talk,
    }
    for key, span in spans.items():
        if isinstance(span, tuple) and (len(span) != 2 or span[0] > span[1]):
            return f"{key}: expected seconds, or [least, most]"
    sounds = [("voice", behaviour.voice), ("early", behaviour.early or "silence")]
    sounds += [(f"script[{i}].sound", step.sound) for i, step in enumerate(behaviour.script)]
    for key, sound in sounds:
        if sound not in SOUNDS:
            return f"{key}: there is no sound {sound!r}; known: {', '.join(SOUNDS)}"
    for index, step in enumerate(behaviour.script):
        if step.do == "dtmf" and (not step.digits or set(step.digits.upper()) - set(DIGITS)):
            return f"script[{index}].digits: expected keys out of {DIGITS}"
    if behaviour.ringing and (
        behaviour.ringing < 101 or (behaviour.early and behaviour.ringing not in (180, 183))
    ):
        return "ringing: expected 0 or 101-199, and nothing else than 183 with early media"
    for key, value in (
        *behaviour.headers.items(),
        *(("reason", r) for r in behaviour.reason),
        ("phrase", behaviour.phrase),
    ):
        if re.search(r"[\x00-\x1f\x7f]", key + value) or not re.fullmatch(r"[A-Za-z0-9-]+", key):
            return f"headers.{key}: expected a header name and one line of text"
    return ""
