"""The command line: `opendcr COMMAND`. Each command lives in the module and under the name `opendcr.cli.COMMAND.COMMAND`.

A command's module is imported only when it is called for, so that `opendcr --help` and every
`COMMAND --help` answer at once; a module keeps what is slow (Polars, Django) inside its functions.
"""

import sys
from importlib import import_module
from importlib.util import find_spec

import click

from opendcr import __version__
from opendcr.cli.output import run

# Each command with its line in `opendcr --help`, in the order in which people meet them.
COMMANDS = {
    "serve": "Serve the web system.",
    "migrate": "Prepare the database.",
    "policy": "Adopt a room's policy.",
    "staff": "Accounts: who may sign in.",
    "device": "Enrolled devices.",
    "token": "Programs' access to the interface.",
    "ledger": "Verify, export, import and show ledgers.",
    "measure": "Compute the measures of one room or of several.",
    "simulate": "Simulate a room.",
    "calibrate": "Fit a room's scenario to what was published.",
    "plan": "Compare booths, hours and staff of a room.",
    "study": "Studies of outcomes: lock, run, rehearse, power.",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in COMMANDS if find_spec(f"opendcr.cli.{name}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = getattr(import_module(f"opendcr.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])


@click.group(
    cls=_Commands,
    epilog="Example: opendcr ledger verify glasgow.jsonl",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="opendcr")
def opendcr() -> None:
    """OpenDCR runs a drug consumption room, and shows whether it works.

    Exit status: 0 done; 1 a check did not hold; 2 bad input.
    """


def main() -> None:
    """The console script."""
    sys.exit(run(opendcr, sys.argv[1:]))
