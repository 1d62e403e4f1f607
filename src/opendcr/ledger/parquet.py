"""Ledger files in Parquet, laid out so that measures read little.

The file's metadata holds the header's record under `opendcr` and the end line's under
`opendcr.end`, both as JSON text. Each row is a fact, in `seq` order:

    kind, seq               the two that every reader needs
    happened, recorded      UTC, milliseconds
    visit, person           null as in the record
    data                    a struct of DATA_KEYS; null where the fact has no such key
    remainder               the other keys of `data`, as JSON text; null where there are none
    id … chain              the rest of the envelope
    stored                  what the columns above would not give back exactly (a time written
                            otherwise than 2025-02-01T10:03:22.120Z, a key of a newer version), as
                            JSON text; null where nothing

So every record comes back as it was hashed, and the chain verifies from Parquet too. No value
stands twice: JSON text that says otherwise than a column is refused, since a reader of columns
would count what verification never saw. For the same reason nobody takes the footer's word for the
rows: their number, and the least and greatest values of each group, are not under the chain.

A reader that needs a column of the struct decodes all of it: DATA_KEYS are the keys that facts are
counted by, and no more. Row groups are small, so that a filter on `kind` holds little of the struct
at once.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from opendcr.errors import LedgerError
from opendcr.ledger.codec import ENVELOPE, Record, whole_milliseconds
from opendcr.ledger.jsonlines import refuse_repeated_keys
from opendcr.ledger.kinds import KINDS
from opendcr.ledger.shapes import Json, parse_instant

HEADER_KEY = "opendcr"
END_KEY = "opendcr.end"
ROW_GROUP = 32_768
MOMENT = pl.Datetime("ms", "UTC")
MOMENT_FORMAT = "%Y-%m-%dT%H:%M:%S%.3fZ"
TEXTS = pl.List(pl.String())

DATA_KEYS: Mapping[str, pl.DataType] = {
    "place": pl.String(),
    "substances": TEXTS,
    "route": pl.String(),
    "emergency": pl.String(),
    "reason": pl.String(),
    "intervention": pl.String(),
    "service": pl.String(),
    "destination": pl.String(),
    "gender": pl.String(),
    "age_band": pl.String(),
    "other": pl.String(),
    "target": pl.String(),
}
SCHEMA = pl.Schema(
    {
        "kind": pl.String(),
        "seq": pl.Int64(),
        "happened": MOMENT,
        "recorded": MOMENT,
        "visit": pl.String(),
        "person": pl.String(),
        "data": pl.Struct(dict(DATA_KEYS)),
        "remainder": pl.String(),
        "id": pl.String(),
        "command": pl.String(),
        "version": pl.Int64(),
        "room": pl.String(),
        "author": pl.String(),
        "entered_by": pl.String(),
        "role": pl.String(),
        "device": pl.String(),
        "source": pl.String(),
        "chain": pl.String(),
        "stored": pl.String(),
    }
)
_MOMENTS = ("happened", "recorded")
_COPIED = tuple(key for key in ENVELOPE if key not in (*_MOMENTS, "data"))
# Never null, and quick to look through: ids and chain values differ in every row.
_FULL = ("version", "happened", "recorded", "author", "role", "device", "source")


class ParquetSink:
    """Collects records into row groups in a folder beside; `finish` joins them in one file.

    Parquet keeps its metadata at the end and Polars writes a file in one go, so the row groups
    wait on disk: memory holds one of them, however long the ledger.
    """

    def __init__(self, path: Path, header: Record) -> None:
        self._path, self._header = path, header
        self._folder = Path(tempfile.mkdtemp(prefix=f"{path.name}.", dir=path.parent))
        self._waiting: list[Record] = []
        self._groups: list[Path] = []

    def add(self, records: Iterable[Record]) -> None:
        for record in records:
            self._waiting.append(record)
            if len(self._waiting) == ROW_GROUP:
                self._keep()

    def finish(self, end: Record) -> None:
        self._keep()
        metadata = {HEADER_KEY: _text(self._header), END_KEY: _text(end)}
        pl.scan_ipc(self._groups).sink_parquet(
            self._path, metadata=metadata, row_group_size=ROW_GROUP, compression="zstd"
        )
        self.drop()

    def drop(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _keep(self) -> None:
        if self._waiting or not self._groups:
            group = self._folder / f"{len(self._groups):06}.arrow"
            frame_of(self._waiting).write_ipc(group)
            self._groups.append(group)
            self._waiting.clear()


def read_rows(path: Path) -> Iterator[Record]:
    """Header, facts and end line of a Parquet file, each as its record.

    Raises LedgerError, naming the file or row, for what is no ledger or cannot be read.
    """
    header, end = read_metadata(path)
    yield header
    row = 1
    for frame in _row_groups(path):
        yield from records_of(frame, str(path), row)
        row += frame.height
    if end is not None:
        yield end


def read_metadata(path: Path) -> tuple[Record, Record | None]:
    """The header's record and the end line's, from the file's metadata."""
    metadata = _polars(lambda: pl.read_parquet_metadata(path), str(path))
    if HEADER_KEY not in metadata:
        raise LedgerError(str(path), "no header", f"metadata '{HEADER_KEY}' with the header")
    header = _parsed(metadata[HEADER_KEY], f"{path}, {HEADER_KEY}")
    end = metadata.get(END_KEY)
    return header, None if end is None else _parsed(end, f"{path}, {END_KEY}")


def scan_rows(path: Path) -> pl.LazyFrame:
    """The rows of a file, lazily. Raises LedgerError where it has not the columns of SCHEMA, or
    where its footer counts other rows than there are.

    Without the statistics: with them, an edit of the footer hides rows from a filter.
    """
    rows = pl.scan_parquet(path, use_statistics=False, glob=False)
    found = _polars(rows.collect_schema, str(path))
    for name, dtype in SCHEMA.items():
        if found.get(name) != dtype:
            expected = f"column '{name}' of type {dtype}"
            raise LedgerError(str(path), f"columns {', '.join(found)[:200]}", expected)
    _check_count(rows, str(path))
    return rows


def _check_count(rows: pl.LazyFrame, where: str) -> None:
    """A count that is too low hides rows from whoever reads piece by piece, as verification does."""
    in_footer = _polars(lambda: rows.select(pl.len()).collect().item(), where)
    # A bare count would come from the footer again.
    counted = pl.col("seq").fill_null(0).ge(0).count()
    there = _polars(lambda: rows.select(counted).collect().item(), where)
    if in_footer != there:
        raise LedgerError(where, f"{there} rows", f"{in_footer}, as its footer says")


def plainly_whole(rows: pl.LazyFrame, path: Path, room: str) -> bool:
    """Whether the columns alone show what reading every record would: facts of one room and of
    known kinds, numbered from 1 without a gap, with the end line that belongs to the last, and no
    hole but perhaps in an id or a chain value, which who reads them must find."""
    where = str(path)
    looked = rows.with_row_index("number", 1).select(
        pl.col("room").eq_missing(pl.lit(room)).all(),
        pl.col("kind").is_in(list(KINDS)).fill_null(False).all(),
        pl.col("seq").eq_missing(pl.col("number").cast(pl.Int64)).all(),
        pl.sum_horizontal(pl.col(_FULL).null_count()).alias("holes"),
    )
    one_room, known, in_order, holes = _polars(lambda: looked.collect().row(0), where)
    last = rows.tail(1).select("seq", "chain")
    ends = [{"end": True, **row} for row in _polars(last.collect, where).to_dicts()]
    return bool(one_room and known and in_order and not holes) and ends == [read_metadata(path)[1]]


def _row_groups(path: Path) -> Iterator[pl.DataFrame]:
    rows = scan_rows(path)
    height = _polars(lambda: rows.select(pl.len()).collect().item(), str(path))
    for first in range(0, height, ROW_GROUP):
        some = rows.slice(first, ROW_GROUP)
        yield _polars(some.collect, f"{path}, rows from {first + 1}")


def _polars(read: Callable[[], Any], where: str) -> Any:
    # Polars panics, which is no Exception, where the bytes of a page contradict its head.
    try:
        return read()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        expected = "a Parquet file of a ledger"
        raise LedgerError(where, "bytes that cannot be read", expected) from error


def frame_of(records: Sequence[Record]) -> pl.DataFrame:
    """Records, each with its whole envelope, as rows."""
    columns: dict[str, Any] = {key: [record[key] for record in records] for key in _COPIED}
    stored = [
        {key: value for key, value in record.items() if key not in ENVELOPE} for record in records
    ]
    for key in _MOMENTS:
        columns[key] = _moments([record[key] for record in records], key, stored)
    columns["data"], columns["remainder"] = _split([record["data"] for record in records])
    columns["stored"] = [_text(keys) if keys else None for keys in stored]
    return pl.DataFrame({key: columns[key] for key in SCHEMA}, SCHEMA)


def _moments(texts: list[str], key: str, stored: list[Record]) -> pl.Series:
    """The moments of texts; a text that its moment does not give back is kept in `stored`."""
    moments = pl.Series(texts, dtype=pl.String()).str.to_datetime(
        MOMENT_FORMAT, time_unit="ms", time_zone="UTC", strict=False
    )
    given_back = moments.dt.strftime(MOMENT_FORMAT).to_list()
    if given_back == texts:
        return moments
    for at, text in enumerate(texts):
        if given_back[at] != text:
            stored[at][key] = text
    return pl.Series([parse_instant(text) for text in texts], dtype=MOMENT)


def _split(data: list[Mapping[str, Json]]) -> tuple[pl.Series, list[str | None]]:
    columns: dict[str, list[Json]] = {key: [None] * len(data) for key in DATA_KEYS}
    remainders: list[str | None] = []
    for row, one in enumerate(data):
        remainder = {}
        for key, value in one.items():
            if key in DATA_KEYS and _fits(DATA_KEYS[key], value):
                columns[key][row] = value
            else:
                remainder[key] = value
        remainders.append(_text(remainder) if remainder else None)
    return pl.DataFrame(columns, dict(DATA_KEYS)).to_struct("data"), remainders


def _fits(dtype: pl.DataType, value: Json) -> bool:
    if dtype == TEXTS:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    return isinstance(value, str)


def records_of(frame: pl.DataFrame, where: str = "frame", first: int = 1) -> Iterator[Record]:
    """The records of rows; the inverse of `frame_of`. `first` is the number of the first row.

    Raises LedgerError at a row that `frame_of` would not make: whoever reads its columns alone
    would read another fact than its record.
    """
    columns = {key: frame[key].to_list() for key in _COPIED}
    for key in _MOMENTS:
        columns[key] = frame[key].dt.strftime(MOMENT_FORMAT).to_list()
    columns["data"] = _unpacked(frame)
    values = zip(*(columns[key] for key in ENVELOPE), strict=True)
    beside = zip(frame["remainder"].to_list(), frame["stored"].to_list(), strict=True)
    for row, (cells, (remainder, stored)) in enumerate(zip(values, beside, strict=True)):
        record, at = dict(zip(ENVELOPE, cells, strict=True)), f"{where}, row {first + row}"
        record["data"] = whole_data(record["data"], remainder, at)
        if stored is not None:
            moments = {key: frame[key][row] for key in _MOMENTS}
            record |= _more(_parsed(stored, f"{at}, stored"), moments, f"{at}, stored")
        yield record


def whole_data(data: Record, remainder: str | None, where: str) -> Record:
    """The data of a row, of what its columns hold and the JSON text beside them."""
    if None in data.get("substances", ()):
        raise LedgerError(f"{where}, substances", "a gap", "a list of codes")
    if remainder is None:
        return data
    at = f"{where}, remainder"
    return data | _rest(_parsed(remainder, at), data, at)


def _unpacked(frame: pl.DataFrame) -> list[Record]:
    data: list[Record] = [{} for _ in range(frame.height)]
    for key in DATA_KEYS:
        for row, value in _present(frame["data"].struct.field(key)):
            data[row][key] = value
    return data


_ONCE = "each value once"


def _rest(remainder: Record, data: Record, where: str) -> Record:
    """The keys of data beside its columns; LedgerError for one that belongs in a column."""
    for key in remainder.keys() & DATA_KEYS.keys():
        if key in data or _fits(DATA_KEYS[key], remainder[key]):
            raise LedgerError(where, f"'{key}', which has a column", _ONCE)
    return remainder


def _more(stored: Record, moments: Mapping[str, datetime | None], where: str) -> Record:
    """The keys beside the envelope, and texts of moments that name the moments of the columns."""
    for key in stored.keys() & set(ENVELOPE):
        if key not in moments or not _names(stored[key], moments[key]):
            raise LedgerError(where, f"another '{key}' than the column has", _ONCE)
    return stored


def _names(text: Json, moment: datetime | None) -> bool:
    """Whether a text names the moment of a column, which holds whole milliseconds."""
    named = parse_instant(text) if isinstance(text, str) else None
    return named is not None and whole_milliseconds(named) == moment


def _present(column: pl.Series) -> Iterator[tuple[int, Any]]:
    """The values that are not null, with their rows: most keys are absent from most facts."""
    rows = column.is_not_null().arg_true().to_list()
    return zip(rows, column.drop_nulls().to_list(), strict=True)


def _text(value: Json) -> str:
    return orjson.dumps(value).decode()


def _parsed(text: str, where: str) -> Record:
    try:
        value = orjson.loads(text)
        same = text == _text(value)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError) as error:
        raise LedgerError(where, "no JSON, or JSON nested too deep", "a JSON object") from error
    if not isinstance(value, dict):
        raise LedgerError(where, "JSON that is no object", "a JSON object")
    if not same:  # another writer's spacing is its own; a key that stands twice is two answers
        refuse_repeated_keys(text.encode(), where)
    return value
