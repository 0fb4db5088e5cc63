# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports point one way, in no circle, and files fit in a head."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "firmware" / "callsheet"
LAYERS = {
    "core": 0, "formats": 1, "ports": 2, "adapters": 3, "simulator": 4, "manager": 4, "selftest": 4, "console": 4, "system": 4, "provisioning": 4, "update": 4, "boot": 4,
    "phone": 5,
    "docs": 5, "cli": 6, "__main__": 7,
}
"""A module imports from its own layer and below; `simulator` may use the adapters' drawing code."""
IMPURE = frozenset({"logging", "os", "random", "secrets", "socket", "subprocess", "threading", "time", "asyncio"})
LONGEST_FILE = 400
LONGEST_FUNCTION = 70

FILES = sorted(ROOT.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in FILES}


def imports(path: Path, *, top_level: bool = False) -> set[str]:
    """Modules that a file imports; those under `if TYPE_CHECKING` and inside functions only if not `top_level`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level else list(ast.walk(tree))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" if f"{node.module}.{alias.name}" in MODULES else node.module
                      for alias in node.names}
    return found


def layer(module: str) -> int | None:
    parts = module.split(".")
    return LAYERS.get(parts[1]) if len(parts) > 1 else None


@pytest.mark.parametrize("path", FILES, ids=lambda p: name_of(p))
def test_imports_point_one_way(path: Path) -> None:
    mine = layer(name_of(path))
    if mine is None:
        return
    upward = {m for m in imports(path) if m.startswith("callsheet.") and (layer(m) or 0) > mine}
    assert not upward


@pytest.mark.parametrize("path", [p for p in FILES if p.is_relative_to(ROOT / "core")], ids=lambda p: name_of(p))
def test_the_core_has_no_clock_chance_thread_log_or_io(path: Path) -> None:
    assert not {m.split(".")[0] for m in imports(path)} & IMPURE


def test_no_import_cycles() -> None:
    graph = {name: {m for m in imports(path, top_level=True) if m in MODULES and m != name}
             for name, path in MODULES.items()}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail[trail.index(module):], module))
        if module not in done:
            for other in graph[module]:
                visit(other, (*trail, module))
            done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("path", FILES, ids=lambda p: name_of(p))
def test_files_fit_in_a_head_and_functions_on_a_screen(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if "texts" not in path.parts:
        assert text.count("\n") <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name
