"""What all commands share: how they answer, show progress, and say what is wrong."""

import errno
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from opendcr.errors import InputError, OpenDCRError

DONE, NOT_HELD, BAD_INPUT = 0, 1, 2
INTERRUPTED, PIPE_CLOSED = 130, 141  # what a shell gives for SIGINT and SIGPIPE
EXTRAS = {
    "web": ("django", "ninja", "uvicorn", "cryptography", "csp", "django_htmx", "whitenoise"),
    "cluster": ("distributed", "dask"),
}
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SECONDS_BETWEEN = 0.2  # between two pictures of progress

_F = TypeVar("_F", bound=Callable[..., Any])


def json_option(command: _F) -> _F:
    """Adds `--json`, which the command takes as `as_json`."""
    help_line = "One JSON document on standard output, and nothing else there."
    return click.option("--json", "as_json", is_flag=True, help=help_line)(command)


def emit(as_json: bool, document: Any, text: str) -> None:
    """Print the document as JSON, or the text for people."""
    click.echo(json.dumps(document, ensure_ascii=False) if as_json else text)


def say(text: str) -> None:
    """A line for people on standard error."""
    click.echo(text, err=True)


def one_of_two(beside: str, **options: object) -> None:
    """Raises InputError for an option that something else given with it would silently replace."""
    for name, value in options.items():
        if value is not None:
            raise InputError(f"--{name}", f"it beside {beside}", "one of the two")


def out_folder(path: Path) -> None:
    """Looks, before anything is computed, whether a folder can be written to or made. It is made
    when there is something to write in it: what is refused leaves nothing behind."""
    try:
        there = next(one for one in (path.absolute(), *path.absolute().parents) if one.exists())
    except OSError as error:
        raise InputError("--out", f"{path} ({error.strerror})", "a folder to write in") from error
    if not there.is_dir():
        raise InputError("--out", f"{there}, a file", "a folder, or a name for one")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError("--out", f"{path}, which cannot be written to", "a folder to write in")


@contextmanager
def progress(
    label: str, total: int | None = None, patience: float | None = None
) -> Iterator[Callable[[int], None]]:
    """A function that takes how much is done, and shows it with a time estimate.

    Where standard error is no terminal it shows nothing, or says it once, in a line, after so many
    seconds of `patience`.
    """
    if not sys.stderr.isatty():
        yield _said_once(label, total, patience)
        return
    started, shown = time.monotonic(), 0.0

    def show(done: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown >= _SECONDS_BETWEEN:
            shown = now
            click.echo(
                f"\r\x1b[K{label}: {_estimate(done, total, now - started)}", err=True, nl=False
            )

    try:
        yield show
    finally:
        click.echo("\r\x1b[K", err=True, nl=False)


def _said_once(label: str, total: int | None, patience: float | None) -> Callable[[int], None]:
    """Says how much is done once a tenth is, since to begin takes a time of its own, or when
    patience has run out several times over."""
    started, said = time.monotonic(), patience is None

    def show(done: int) -> None:
        nonlocal said
        seconds, wait = time.monotonic() - started, patience or 0.0
        enough = done >= (total or 0) / 10 or seconds >= 6 * wait
        if not said and seconds >= wait and enough and done != total:
            said = True
            say(f"{label}: {_estimate(done, total, seconds)}")

    return show


def _estimate(done: int, total: int | None, seconds: float) -> str:
    if not total or not done:
        return f"{done:,}, {seconds:.0f} s"
    left = seconds * max(total - done, 0) / done
    return f"{done:,} of {total:,}, about {left:.0f} s left"


def run(command: click.Command, arguments: Sequence[str]) -> int:
    """Run a command and return its exit status; what is wrong is said in one line."""
    try:
        # Not `command.main`, which gives a pipe that closed the status of a check that failed.
        with command.make_context("opendcr", list(arguments)) as context:
            command.invoke(context)
        return _flushed(DONE)
    except click.exceptions.Exit as end:
        return _flushed(end.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        say(error.format_message())
        return BAD_INPUT
    except click.UsageError as error:
        return _bad(f"{_command_path(error)}: {error.format_message()}")
    except click.ClickException as error:
        return _bad(error.format_message())
    except OpenDCRError as error:
        return _bad(str(error))
    except BrokenPipeError:
        return _pipe_closed()
    except OSError as error:
        return _failed(error)
    except ModuleNotFoundError as error:
        return _bad(_missing(error))
    except (KeyboardInterrupt, click.Abort):
        say("Interrupted.")
        return INTERRUPTED


def _flushed(status: int) -> int:
    try:
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        return _pipe_closed()
    except OSError as error:
        return _failed(error)


def _failed(error: OSError) -> int:
    """A file that cannot be read or written; without a name, and full, it is standard output."""
    where = error.filename
    if where is None and error.errno in _FULL:
        where = "standard output"
        _close_output()
    return _bad(": ".join(str(part) for part in (where, error.strerror) if part))


def _bad(message: str) -> int:
    say("Error: " + " ".join(message.split()))
    return BAD_INPUT


def _command_path(error: click.UsageError) -> str:
    return error.ctx.command_path if error.ctx else "opendcr"


def _missing(error: ModuleNotFoundError) -> str:
    """Which extra brings the missing module; the error itself where none does."""
    for extra, modules in EXTRAS.items():
        if error.name and error.name.split(".")[0] in modules:
            return (
                f"this needs {error.name}, which is not installed: pip install 'opendcr[{extra}]'"
            )
    raise error


def _pipe_closed() -> int:
    _close_output()
    return PIPE_CLOSED


def _close_output() -> None:
    # The interpreter flushes standard output once more at its end, and would fail again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
