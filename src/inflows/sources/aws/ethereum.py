"""What the Ethereum tables of the AWS public blockchain data share: their declaration, and how they are read.

Source of the schemas: guidance-for-digital-assets-on-aws, analytics/consumer/schema/eth.md. One Parquet file
a day below `date=YYYY-MM-DD`. Amounts of tables with doubles are what the double says, as a whole number;
such rows are marked as approximate, because a double holds 53 bits, and an exact source of the row wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from inflows.chains import FAMILY
from inflows.errors import UsageError
from inflows.raw.delivery import Delivery, delivered_columns
from inflows.raw.quarantine_reasons import SET_ASIDE
from inflows.sources import fast_path
from inflows.sources.batching import in_batches
from inflows.sources.dumps import day_of
from inflows.sources.formats import InputFormat, ReadRequest
from inflows.sources.own_format.normalise import GIVEN
from inflows.sources.paths import expand, name_of
from inflows.sources.table_files import LINE, Table, open_table

SUFFIXES: Final = (".parquet", ".pq")
DEFAULT_CHAIN: Final = "ethereum"
MOST_EXACT: Final = 2.0**126
"""Below this a double becomes an integer of 128 bits."""

_KINDS: Final[dict[str, tuple[str, Callable[[pl.DataType], bool]]]] = {
    "text": ("text", lambda kind: kind in (pl.String, pl.Null)),
    "integer": ("an integer", lambda kind: kind.is_integer() or kind == pl.Null),
    "double": ("a double", lambda kind: kind.is_float()),
    "time": ("a timestamp", lambda kind: isinstance(kind, pl.Datetime)),
    "texts": ("a list of text", lambda kind: kind in (pl.List(pl.String), pl.List(pl.Null))),
}

Decode = Callable[[pl.LazyFrame, str], pl.LazyFrame]
"""From a table's columns, and the chain's name, to our own columns with LINE and GIVEN."""


@dataclass(frozen=True)
class AwsTable:
    """A table: its columns with their kinds (keys of _KINDS), and what a row says in our own columns."""

    name: str
    table: str
    columns: Mapping[str, str]
    as_own: Decode
    exact: bool
    prepare: Callable[[list[Table]], Decode] | None = None
    """Where a row depends on others: looks at all files of a day first, and gives `as_own`."""

    def check(self, name: str, columns: Mapping[str, pl.DataType]) -> None:
        """Refuse a file whose columns are not the table's."""
        hint = f"Give files of eth/{self.table} of the AWS public blockchain data. Nothing of it was stored."
        for column, kind in self.columns.items():
            if column not in columns:
                raise UsageError(f"{name} has no column '{column}'.", hint)
            expected, holds = _KINDS[kind]
            if not holds(columns[column]):
                raise UsageError(
                    f"{name}: the column '{column}' is of type {columns[column]}, not {expected}.", hint
                )

    def deliver(self, request: ReadRequest) -> Iterator[Delivery]:
        """One delivery a file; every file's columns are looked at before the first row is read."""
        chain = evm_chain(request.chain)
        tables = [open_table(path) for path in expand(request.paths, SUFFIXES)]
        for table in tables:
            self.check(str(table.path), table.columns)
        request.counted(files=len(tables))
        as_own = self.as_own if self.prepare is None else self.prepare(tables)
        for table in tables:
            yield self._delivery(table, as_own, chain, request.warnings)

    def format(self) -> InputFormat:
        """The table as an input format."""
        return InputFormat(
            name=self.name,
            summary=f"eth/{self.table} of the AWS public blockchain data, Parquet",
            deliver=self.deliver,
            suffixes=SUFFIXES,
            forms=("Parquet",),
            columns=tuple(self.columns),
            check=self.check,
            by_day=True,
        )

    def _delivery(self, table: Table, as_own: Decode, chain: str, warnings: list[str]) -> Delivery:
        day = day_of(table.path.as_posix())
        strays = (
            f"{table.path} holds rows of other days than {day}: each row is stored under its own day, and "
            "is read only where the day of its folder is."
        )

        def normalise_batch(batch: pl.DataFrame) -> pl.DataFrame:
            stray = day is not None and (batch["block_timestamp"].dt.date() != day).any()
            if stray and strays not in warnings:
                warnings.append(strays)
            return normalise_table(batch, as_own, chain, exact=self.exact)

        frame = in_batches(table.frame.select(*self.columns, LINE), normalise_batch, "transfers")
        return Delivery("transfers", frame, name_of(table.path), table.failures, day=day)


def evm_chain(chain: str | None) -> str:
    """The chain of a request for tables of an EVM chain."""
    chain = chain or DEFAULT_CHAIN
    if FAMILY.get(chain, "evm") != "evm" or chain == "evm":
        raise UsageError(
            f"--chain {chain} names no chain whose logs and traces this format holds.",
            "Leave it out for ethereum, or name an EVM chain.",
        )
    return chain


def normalise_table(
    batch: pl.DataFrame, as_own: Decode, chain: str, *, exact: bool, delivered: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Rows of a table as delivered columns: those that are no transfers keep nothing but their reason.

    delivered: the rows as they are kept in quarantine, where they are not the batch's.
    """
    came = batch if delivered is None else delivered
    rows = as_own(batch.lazy().with_row_index("_row"), chain).collect(engine="in-memory")
    aside = rows.get_column(GIVEN).is_in(SET_ASIDE).fill_null(False)
    names = delivered_columns("transfers")
    parts = []
    if aside.any():
        reasons = rows.filter(aside).select(pl.col(GIVEN).alias("reason"))
        parts.append(reasons.select(_only(name, kind) for name, kind in names.items()))
        rows = rows.filter(~aside)
        came = came[rows["_row"]]
    parts.insert(0, fast_path.normalise_batch(rows.drop("_row"), came, [chain], exact=exact))
    return pl.concat(parts) if len(parts) > 1 else parts[0]


def _only(name: str, kind: pl.DataType) -> pl.Expr:
    return pl.col(name) if name == "reason" else pl.lit(None, dtype=kind).alias(name)


def own_row(
    rows: pl.LazyFrame,
    chain: str,
    source: str,
    *,
    tx_hash: pl.Expr,
    position: pl.Expr,
    kind: pl.Expr,
    contract: pl.Expr,
    amount_raw: pl.Expr,
    given: pl.Expr,
    block_time: pl.Expr | None = None,
) -> pl.LazyFrame:
    """Our own columns of a table's rows, for own_format.normalise; from_address and to_address as named."""
    return rows.select(
        pl.lit(chain).alias("chain"),
        "block_number",
        (pl.col("block_timestamp") if block_time is None else block_time).alias("block_time"),
        tx_hash.alias("tx_hash"),
        position.alias("position"),
        kind.alias("kind"),
        contract.alias("contract"),
        "from_address",
        "to_address",
        amount_raw.alias("amount_raw"),
        pl.lit(source).alias("source"),
        LINE,
        "_row",
        given.cast(pl.String).alias(GIVEN),
    )


def whole_number(value: pl.Expr) -> pl.Expr:
    """A double as the digits of the whole number that it is; as it prints, where it is none."""
    is_whole = (value == value.floor()) & value.is_between(0, 2.0**256)
    quick = pl.when(is_whole & (value < MOST_EXACT)).then(value).cast(pl.Int128, strict=False)
    long = (
        pl.when(is_whole & (value >= MOST_EXACT))
        .then(value)
        .map_elements(lambda found: str(int(found)), return_dtype=pl.String, skip_nulls=True)
    )
    return pl.coalesce(quick.cast(pl.String), long, pl.when(~is_whole).then(value).cast(pl.String))
