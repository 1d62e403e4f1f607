"""What there is, read from the code: the lines that the documents hold about it."""

import ast
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click
import polars as pl

from opendcr.catalogue.roles import ROLES
from opendcr.cli import opendcr as command_line
from opendcr.ledger.kinds import KINDS
from opendcr.ledger.parquet import SCHEMA
from opendcr.measures import MEASURES
from opendcr.room.permissions import PERMISSIONS, may
from opendcr.room.stages import STAGES, STEPS, diagram
from tools.room_rules import policy_keys, room_rules

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "opendcr"

Lines = list[str]


def folders() -> Lines:
    """The packages and modules of `opendcr`, each with the first sentence about itself."""
    found = [path for path in sorted(PACKAGE.iterdir()) if _is_package(path)]
    return _table(("folder", "holds"), ((f"`{path.name}/`", _says(path)) for path in found))


def apps() -> Lines:
    """The parts of the web system."""
    found = [path for path in sorted((PACKAGE / "web").iterdir()) if _is_package(path)]
    return _table(("app", "holds"), ((f"`web/{path.name}/`", _says(path)) for path in found))


def commands() -> Lines:
    """Every command of the command line, with its one line of help."""
    rows = (
        (f"`opendcr {name}`", command.get_short_help_str(100))
        for name, command in _walk(command_line)
    )
    return _table(("command", "does"), rows)


def kinds() -> Lines:
    """Every kind of fact. A report about a body is taken from anybody and never refused."""
    rows = (
        (f"`{kind.fact}`", f"`{kind.command}`", kind.about, kind.words, "yes" if kind.body else "")
        for kind in KINDS.values()
    )
    return _table(("fact", "command", "about", "in words", "of a body"), rows)


def data() -> Lines:
    """Every key of every kind's data, with the shape of its values."""
    rows = (
        (f"`{kind.fact}`", f"`{key}`", "yes" if key in kind.required else "", shape.expects())
        for kind in KINDS.values()
        for key, shape in kind.fields.items()
    )
    return _table(("fact", "key", "required", "holds"), rows)


def parquet() -> Lines:
    """The columns of a ledger in Parquet."""
    rows = ((f"`{name}`", _type(dtype)) for name, dtype in SCHEMA.items())
    return _table(("column", "type"), rows)


def _type(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Struct):
        fields = ", ".join(f"`{field.name}` {_type(field.dtype)}" for field in dtype.fields)
        return f"struct of {fields}"
    return str(dtype)


def roles() -> Lines:
    """Every role, with how many kinds of fact it may send."""
    rows = (
        (f"`{role.code}`", role.words, str(sum(may(role.code, kind) for kind in KINDS)))
        for role in ROLES
    )
    return _table(("role", "is", "kinds that it may send"), rows)


def permissions() -> Lines:
    """Role by kind, for what is not of a body."""
    codes = [role.code for role in ROLES]
    rows = (
        (f"`{kind.fact}`", *("yes" if kind.fact in PERMISSIONS[code] else "" for code in codes))
        for kind in KINDS.values()
        if not kind.body
    )
    return _table(("fact", *codes), rows)


def measures() -> Lines:
    """Every measure, with its title and unit."""
    rows = ((f"`{one.name}`", one.title, one.unit) for one in MEASURES.values())
    return _table(("measure", "title", "unit"), rows)


def stages() -> Lines:
    """The stages of a visit as a diagram."""
    return ["```mermaid", *diagram().splitlines(), "```"]


def steps() -> Lines:
    """The stages of a visit as a table."""
    rows = (
        (f"`{step.kind}`", ", ".join(code for code in STAGES if code in step.before), step.after)
        for step in STEPS.values()
    )
    return _table(("fact", "asked for from", "leads to"), rows)


BLOCKS: Mapping[str, Callable[[], Lines]] = {
    "apps": apps,
    "commands": commands,
    "data": data,
    "folders": folders,
    "kinds": kinds,
    "measures": measures,
    "parquet": parquet,
    "permissions": permissions,
    "policy-keys": policy_keys,
    "roles": roles,
    "room-rules": room_rules,
    "stages": stages,
    "steps": steps,
}


def command_names() -> list[str]:
    """The commands as one types them, without `opendcr`."""
    return [name for name, _ in _walk(command_line)]


def _table(header: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Lines:
    lines = [header, ("---",) * len(header), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _walk(group: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """The commands under a group that do something themselves, by their whole names."""
    if not isinstance(group, click.Group):
        yield name, group
        return
    context = click.Context(group)
    for part in group.list_commands(context):
        command = group.get_command(context, part)
        if command is not None and not command.hidden:
            yield from _walk(command, f"{name} {part}".strip())


def _is_package(path: Path) -> bool:
    return (path / "__init__.py").exists()


def _says(package: Path) -> str:
    """The first sentence of a package's docstring."""
    words = ast.get_docstring(ast.parse((package / "__init__.py").read_text())) or ""
    sentence, dot, _ = " ".join(words.partition("\n\n")[0].split()).partition(". ")
    return sentence + dot.strip()
