"""The rules of the room and the keys of its policy, read from the code for docs/room.md."""

import ast
import inspect
from collections.abc import Iterator

from opendcr.room import rules
from opendcr.room.policy import DEFAULT
from opendcr.room.rules import EVERY_KIND, RULES, Rule

Lines = list[str]


def room_rules() -> Lines:
    """Every rule with the codes of its refusals and the kinds that it binds."""
    codes = _codes()
    bound = {rule: [kind for kind in RULES if rule in RULES[kind]] for rule in _every_rule()}
    rows = [
        (str(inspect.getdoc(rule)), _coded(codes[rule.__name__]),
         _coded(kinds) if rule not in EVERY_KIND else "every kind")
        for rule, kinds in bound.items()
    ]  # fmt: skip
    return _table(("what must hold", "code", "asks that it binds"), rows)


def policy_keys() -> Lines:
    """Every key of a policy's tables with what stands where it is left out."""
    rows = [
        (f"`[{section}]`", f"`{key}`", f"`{value!r}`".replace("'", '"'))
        for section, values in DEFAULT.to_data().items()
        if isinstance(values, dict)
        for key, value in values.items()
    ]
    return _table(("table", "key", "where it is left out"), rows)


def _every_rule() -> list[Rule]:
    found = [*EVERY_KIND, *(rule for some in RULES.values() for rule in some)]
    return list(dict.fromkeys(found))


def _codes() -> dict[str, list[str]]:
    """The codes that each function of the rules' module refuses with, by the function's name."""
    tree = ast.parse(inspect.getsource(rules))
    said: dict[str, set[str]] = {}
    for node in tree.body:  # a name is said before another uses it
        if isinstance(node, ast.FunctionDef):
            said[node.name] = {*_refusals(node), *_named(node, said)}
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            said[node.targets[0].id] = set(_refusals(node.value))
    return {name: sorted(codes) for name, codes in said.items()}


def _refusals(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        made = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if made and node.func.id == "Refusal" and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)


def _named(tree: ast.AST, shared: dict[str, set[str]]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield from shared.get(node.id, ())


def _coded(words: list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> Lines:
    lines = [header, ("---",) * len(header), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]
