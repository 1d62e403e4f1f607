"""What is wrong is said in one line with the right exit status, whatever it is."""

import click
import pytest

from opendcr.cli import output
from opendcr.errors import InputError


def failing_with(error):
    @click.command()
    def command():
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (InputError("room.toml, arrivals", "-1", "0 or more"), 2, "room.toml, arrivals: found -1"),
        (click.UsageError("two\nlines"), 2, "two lines"),
        (click.FileError("x.toml", "is locked"), 2, "x.toml"),
        (PermissionError(13, "Permission denied", "x.jsonl"), 2, "x.jsonl: Permission denied"),
        (ModuleNotFoundError("no", name="django.db"), 2, "pip install 'opendcr[web]'"),
        (ModuleNotFoundError("no", name="dask.base"), 2, "pip install 'opendcr[cluster]'"),
        (KeyboardInterrupt(), 130, "Interrupted."),
    ],
)
def test_an_error_is_one_line_and_a_status(error, status, said, capsys):
    assert output.run(failing_with(error), []) == status
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert shown.err.strip().count("\n") == 0


def test_a_fault_of_ours_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        output.run(failing_with(ZeroDivisionError()), [])
    with pytest.raises(ModuleNotFoundError):
        output.run(failing_with(ModuleNotFoundError("no", name="opendcr.nowhere")), [])


def test_a_check_that_did_not_hold_is_status_1():
    @click.command()
    @click.pass_context
    def command(ctx):
        ctx.exit(output.NOT_HELD)

    assert output.run(command, []) == 1


def test_progress_shows_nothing_where_standard_error_is_no_terminal(capsys):
    with output.progress("Verified", 100) as show:
        show(50)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("patience", "lines"), [(0.0, 1), (3600.0, 0)])
def test_progress_is_said_once_to_whoever_waits_where_there_is_no_terminal(capsys, patience, lines):
    with output.progress("Panels", 100, patience) as show:
        for done in (25, 50, 100):
            show(done)
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == lines
    assert said.err.startswith("Panels: 25 of 100, about 0 s left" if lines else "")


def test_the_estimate_is_of_the_time_that_is_left():
    assert output._estimate(250, 1000, 10) == "250 of 1,000, about 30 s left"
    assert output._estimate(2500, None, 10) == "2,500, 10 s"
