import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from dump_files import (
    BIG,
    NOON,
    T1,
    T2,
    T3,
    TOKEN,
    A,
    B,
    C,
    aws_row,
    cryo_blocks,
    word,
    write_aws,
    write_cryo,
)
from shared_cases import case
from source_files import stored, tree, write_csv

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.raw import coverage
from inflows.sources import ingest_files
from inflows.sources.evm_logs import TRANSFER_TOPIC

ROW = {
    "block_number": 100,
    "transaction_index": 0,
    "log_index": 0,
    "transaction_hash": T1,
    "erc20": TOKEN,
    "from_address": A,
    "to_address": B,
    "value": 5,
}


def token(**changes: Any) -> dict[str, Any]:
    return {**ROW, **changes}


def native(**changes: Any) -> dict[str, Any]:
    row = {"transfer_index": 0, **{name: ROW[name] for name in ROW if name not in ("log_index", "erc20")}}
    return {**row, **changes}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_cryo(
        tmp_path / "cryo" / "ethereum__blocks__00000100_to_00000109.parquet", cryo_blocks(range(100, 110))
    )
    return tmp_path / "cryo"


def write(folder: Path, *rows: dict[str, Any], dataset: str = "erc20_transfers", **options: Any) -> Path:
    return write_cryo(folder / f"ethereum__{dataset}__00000100_to_00000109.parquet", rows, **options)


FORMS = {
    "string": (BIG, True),
    "binary": (BIG, True),
    "u256binary": (BIG, True),
    "f64": (2**60 + 2**20, False),
    "f32": (2**60, False),
    "u64": (2**63 + 1, False),
    "u32": (2**31 + 1, False),
}


@pytest.mark.parametrize("hexed", [False, True])
@pytest.mark.parametrize("form", sorted(FORMS))
def test_every_form_of_an_amount_is_read_binary_and_hex(
    layout: Layout, folder: Path, form: str, hexed: bool
) -> None:
    amount, exact = FORMS[form]
    write(folder, token(value=amount), forms=(form,), hexed=hexed)
    report = ingest_files(layout, [folder], "cryo")
    [row] = stored(layout).to_dicts()
    assert (row["amount_raw"], row["exact"]) == (str(amount), exact)
    assert (row["chain"], row["contract"], row["tx_hash"]) == ("ethereum", TOKEN, T1)
    assert (row["from_address"], row["to_address"], row["source"]) == (A, B, "cryo")
    assert row["block_time"] == NOON.replace(tzinfo=dt.UTC)
    assert any("modulo" in warning for warning in report.warnings) == (form in ("u64", "u32"))


def test_the_best_form_is_taken_where_there_are_several(layout: Layout, folder: Path) -> None:
    write(folder, token(value=BIG - 1), forms=("u32", "f64", "binary"))
    ingest_files(layout, [folder], "cryo")
    assert stored(layout).select("amount_raw", "exact").row(0) == (str(BIG - 1), True)


def test_addresses_that_keep_the_whole_topic_are_cut_to_20_bytes(layout: Layout, folder: Path) -> None:
    write(folder, token(from_address=word(A), to_address=word(B)))
    ingest_files(layout, [folder], "cryo")
    assert stored(layout).select("from_address", "to_address").row(0) == (A, B)


def test_native_transfers_are_the_transactions_own_first_and_calls_below_it(
    layout: Layout, folder: Path
) -> None:
    write(
        folder,
        native(),
        native(transfer_index=1, from_address=B, to_address=C, value=3),
        native(transfer_index=2, value=0),
        native(transfer_index=3, transaction_hash=T2, value=2**70),
        native(transfer_index=4, transaction_hash=None, from_address="0x" + "0" * 40, value=9),
        native(transfer_index=5, transaction_hash=T3, to_address="0x" + "0" * 64, value=1),
        dataset="native_transfers",
    )
    report = ingest_files(layout, [folder], "cryo")
    assert stored(layout).select("kind", "position", "to_address", "amount_raw").rows() == [
        ("native", 0, B, "5"),
        ("native", 0, B, str(2**70)),
        ("trace", 1, C, "3"),
    ]
    assert dict(report.set_aside) == {"failed": 1, "no_transaction": 1, "zero_value": 1}
    assert any("--exclude-failed" in warning for warning in report.warnings)


def test_a_transaction_that_its_dataset_says_has_failed_moves_nothing(layout: Layout, folder: Path) -> None:
    write(folder, native(), native(transfer_index=1, transaction_hash=T2), dataset="native_transfers")
    write(
        folder,
        {"transaction_hash": T1, "success": False},
        {"transaction_hash": T2, "success": True},
        dataset="transactions",
    )
    report = ingest_files(layout, [folder], "cryo")
    assert stored(layout)["tx_hash"].to_list() == [T2]
    assert dict(report.set_aside) == {"failed": 1}


def test_a_block_whose_time_is_not_given_is_quarantined_by_name(layout: Layout, folder: Path) -> None:
    write(folder, token(), token(block_number=110, log_index=1))
    report = ingest_files(layout, [folder], "cryo")
    assert (report.rows_new, dict(report.quarantined)) == (1, {"block_unknown": 1})


def test_the_range_in_a_files_name_says_which_blocks_were_read(layout: Layout, folder: Path) -> None:
    write(folder, token())
    ingest_files(layout, [folder], "cryo")
    [row] = coverage(layout).to_dicts()
    assert (row["blocks"], row["first_block"], row["last_block"]) == (10, 100, 109)
    assert (row["has_token"], row["has_native"]) == (True, False)


def test_blocks_may_be_named_apart_as_csv(layout: Layout, tmp_path: Path) -> None:
    path = write(tmp_path / "transfers", token())
    start = int(NOON.replace(tzinfo=dt.UTC).timestamp())
    blocks = write_csv(tmp_path / "blocks.csv", [{"number": 100, "hash": word(100), "timestamp": start}])
    ingest_files(layout, [path], "cryo", blocks=blocks)
    assert stored(layout)["block_time"].to_list() == [NOON.replace(tzinfo=dt.UTC)]


def test_without_blocks_there_are_no_times_and_nothing_is_stored(layout: Layout, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="have no times"):
        ingest_files(layout, [write(tmp_path, token())], "cryo")
    assert not layout.raw.exists()


def test_files_of_another_dataset_are_named_and_alone_refused(layout: Layout, folder: Path) -> None:
    write_cryo(folder / "contracts.parquet", [{"contract_address": A}])
    with pytest.raises(UsageError, match="no file has the columns of cryo's"):
        ingest_files(layout, [folder], "cryo")
    write(folder, token())
    report = ingest_files(layout, [folder], "cryo")
    assert any(warning.startswith("contracts.parquet is not read") for warning in report.warnings)


@pytest.mark.parametrize(
    ("chain_id", "chain", "message"),
    [
        (56, "ethereum", "is of chain id 56 .bsc., not of ethereum"),
        (987654, None, "is of chain id 987654, which is not known here"),
        (None, None, "does not tell its chain"),
        (1, "bitcoin", "--chain bitcoin names no chain"),
    ],
)
def test_a_wrong_or_unknown_chain_is_refused(
    layout: Layout, folder: Path, chain_id: int | None, chain: str | None, message: str
) -> None:
    write(folder, token(), chain_id=chain_id)
    with pytest.raises(UsageError, match=message):
        ingest_files(layout, [folder], "cryo", chain=chain)
    assert not layout.raw.exists()


def test_the_chain_is_told_by_its_id(layout: Layout, folder: Path) -> None:
    write(folder, token(), chain_id=8453)
    ingest_files(layout, [folder], "cryo")
    assert stored(layout)["chain"].to_list() == ["base"]


def test_amounts_in_no_known_form_are_refused(layout: Layout, folder: Path) -> None:
    write(folder, token(), forms=())
    with pytest.raises(UsageError, match="has no column of amounts"):
        ingest_files(layout, [folder], "cryo")


AMOUNTS = [0, 1, 2**53 + 1, 10**18, 123456789 * 10**15 + 1, 2**64, 2**120 - 1, 2**120, 2**255 + 7, BIG]


def test_the_same_blocks_give_the_same_store_from_logs_from_cryo_and_from_our_own_files(
    layout: Layout, folder: Path, tmp_path: Path
) -> None:
    """All columns but the source's name, in the same order, of token transfers of all sizes."""
    rows = [token(block_number=100 + place % 3, log_index=place, value=n) for place, n in enumerate(AMOUNTS)]
    times = {100 + place: NOON + dt.timedelta(seconds=12 * place) for place in range(3)}
    frames = []
    for name, options in {"binary": {}, "hex": {"hexed": True}, "text": {"forms": ("string",)}}.items():
        place = Layout(tmp_path / name)
        write(folder, *rows, **options)
        ingest_files(place, [folder], "cryo")
        frames.append(stored(place))
    csv = (
        write_csv(tmp_path / "csv" / "t.csv", _hex_rows(rows)) if (tmp_path / "csv").mkdir() is None else None
    )
    place = Layout(tmp_path / "from csv")
    ingest_files(place, [csv, next(folder.glob("*blocks*"))], "cryo")
    frames.append(stored(place))
    logs = [
        aws_row(
            "logs",
            log_index=row["log_index"],
            data=word(row["value"]),
            block_number=row["block_number"],
            block_timestamp=times[row["block_number"]],
        )
        for row in rows
    ]
    ingest_files(layout, [write_aws(tmp_path, "logs", logs)], "aws-eth-logs")
    frames.append(stored(layout))
    own = write_csv(
        tmp_path / "own.csv",
        [
            {
                "chain": "ethereum",
                "block_number": row["block_number"],
                "block_time": f"{times[row['block_number']]:%Y-%m-%dT%H:%M:%SZ}",
                "tx_hash": row["transaction_hash"],
                "position": row["log_index"],
                "kind": "token",
                "contract": row["erc20"],
                "from_address": row["from_address"],
                "to_address": row["to_address"],
                "amount_raw": row["value"],
            }
            for row in rows
        ],
    )
    place = Layout(tmp_path / "own")
    ingest_files(place, [own], "inflows")
    expected = stored(place).drop("source")
    assert expected.height == len(AMOUNTS)
    for frame in frames:
        assert frame.drop("source").equals(expected)


def _hex_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**{name: row[name] for name in row if name != "value"}, "value_string": row["value"], "chain_id": 1}
        for row in rows
    ]


def test_the_same_files_twice_change_nothing(layout: Layout, folder: Path) -> None:
    write(folder, token(), token(log_index=1, value=2**200))
    ingest_files(layout, [folder], "cryo")
    before = tree(layout.raw)
    report = ingest_files(layout, [folder], "cryo")
    assert (report.rows_new, report.rows_already_there) == (0, 2)
    assert tree(layout.raw) == before


def test_times_that_two_files_of_blocks_disagree_on_are_not_believed(layout: Layout, folder: Path) -> None:
    write_cryo(folder / "again__blocks.parquet", cryo_blocks([100], at=NOON + dt.timedelta(hours=1)))
    write(folder, token())
    assert dict(ingest_files(layout, [folder], "cryo").quarantined) == {
        "block_unknown": 1,
        "conflicting_contents": 2,
    }
    assert pl.DataFrame().equals(stored(layout))


def log(*topics: str, data: str = word(BIG), **changes: Any) -> dict[str, Any]:
    named = {f"topic{place}": topics[place] if place < len(topics) else None for place in range(4)}
    row = {
        "block_number": 100,
        "transaction_index": 0,
        "log_index": 0,
        "transaction_hash": T1,
        "address": TOKEN,
    }
    return {**row, **named, "data": data, "n_data_bytes": (len(data) - 2) // 2, "chain_id": 1, **changes}


LOGS = [
    log(TRANSFER_TOPIC, word(A), word(B)),
    log(TRANSFER_TOPIC, word(A), word(B), word("9"), data="0x", log_index=1),
    log(TRANSFER_TOPIC, word(A), data="0x", log_index=2),
    log("0x" + "9" * 64, word(A), log_index=3),
    log(data="0x", log_index=4),
    log(TRANSFER_TOPIC, word(A), word(B), block_number=999, log_index=5),
]


@pytest.mark.parametrize("form", ["binary", "hex", "csv"])
def test_transfers_are_decoded_of_logs_as_of_other_sources_of_logs(
    layout: Layout, folder: Path, form: str
) -> None:
    frame = pl.DataFrame(LOGS)
    if form == "binary":
        texts = ["transaction_hash", "address", "data", *(f"topic{place}" for place in range(4))]
        frame = frame.with_columns(pl.col(texts).str.strip_prefix("0x").str.decode("hex"))
    if form == "csv":
        frame.write_csv(folder / "anything.csv")
    else:
        frame.write_parquet(folder / "anything.parquet")
    report = ingest_files(layout, [folder], "cryo")
    assert dict(report.set_aside) == {"nft": 1, "no_transfer": 2}
    assert dict(report.quarantined) == {"malformed_transfer_log": 1, "block_unknown": 1}
    (row,) = stored(layout).to_dicts()
    assert (row["contract"], row["from_address"], row["to_address"]) == (TOKEN, A, B)
    assert (row["amount_raw"], row["exact"], row["kind"], row["chain"]) == (
        str(BIG),
        True,
        "token",
        "ethereum",
    )


def test_logs_and_the_transfers_of_the_same_blocks_are_one(layout: Layout, folder: Path) -> None:
    pl.DataFrame([log(TRANSFER_TOPIC, word(A), word(B), data=word(5))]).write_parquet(folder / "logs.parquet")
    write(folder, token())
    ingest_files(layout, [folder], "cryo", chain="ethereum")
    assert stored(layout).height == 1


def test_the_case_of_logs_is_one_transfer_at_its_blocks_time(layout: Layout) -> None:
    ingest_files(layout, [case("cryo_logs")], "cryo")
    (row,) = stored(layout).to_dicts()
    assert (row["amount_raw"], row["position"]) == ("1000000000", 1)
    assert row["block_time"] == dt.datetime(2024, 3, 1, 6, 0, 11, tzinfo=dt.UTC)
