"""Files are written whole or not at all."""

import os
from pathlib import Path

import pytest

from opendcr.whole import write_whole


def test_a_file_is_as_readable_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("")
    write_whole(tmp_path / "new" / "one.txt", "Grüße")
    assert (tmp_path / "new" / "one.txt").read_bytes() == "Grüße".encode()
    assert (tmp_path / "new" / "one.txt").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_what_was_there_stays_where_the_new_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.txt").write_text("before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "elsewhere")

    monkeypatch.setattr(os, "replace", full)
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match=r"one\.txt"):
        write_whole(tmp_path / "one.txt", "after")
    assert [one.name for one in tmp_path.iterdir()] == ["one.txt"]
    assert (tmp_path / "one.txt").read_text() == "before"
