"""Files of an object store: a real S3 server on loopback, behind a proxy that can spoil answers."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dump_files import NOON, aws_row, cryo_blocks, write_aws, write_cryo
from s3_server import BUCKET, Server, serving
from source_files import ROW, stored, tree, write_csv
from test_cryo import token

from inflows.errors import UsageError, WorkError
from inflows.http import objects
from inflows.layout import Layout
from inflows.sources import batches, ingest_files

DAYS = ("2024-03-30", "2024-03-31", "2024-04-01")
FORMAT = "aws-eth-token-transfers"
SECRET = "a-secret-canary"


@pytest.fixture(scope="module")
def serve() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def server(serve: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    serve.seen.clear()
    serve.fault = lambda method, path, before: ""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("AWS_ENDPOINT_URL", serve.endpoint)
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    monkeypatch.setattr(objects, "FIRST_WAIT_SECONDS", 0.001)
    yield serve
    for item in serve.owner.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        serve.owner.delete_object(Bucket=BUCKET, Key=item["Key"])


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """Three days of token transfers, two rows each."""
    for place, date in enumerate(DAYS):
        noon = NOON + dt.timedelta(days=place - 1)
        rows = [
            aws_row("token_transfers", block_timestamp=noon, block_number=100 + place, log_index=index)
            for index in range(2)
        ]
        write_aws(tmp_path / "eth", "token_transfers", rows, date=date)
    return tmp_path / "eth"


def same_as_local(layout: Layout, dump: Path, tmp_path: Path) -> bool:
    local = Layout(tmp_path / "local")
    ingest_files(local, [dump], FORMAT)
    return tree(local.raw) == tree(layout.raw)


@pytest.mark.parametrize(
    "path",
    [
        "v1.0/eth/token_transfers",
        "v1.0/eth/token_transfers/",
        "v1.0/eth/token_transfers/date=*/*.parquet",
        "v1.0/**/*.snappy.parquet",
        "",
    ],
)
def test_a_prefix_and_a_glob_give_the_same_bytes_as_local_files(
    layout: Layout, server: Server, dump: Path, tmp_path: Path, path: str
) -> None:
    server.put_tree(dump)
    report = ingest_files(layout, [f"s3://{BUCKET}/{path}"], FORMAT)
    assert (report.files, report.rows_new) == (3, 6)
    assert same_as_local(layout, dump, tmp_path)
    assert not layout.staging.exists()


def test_one_object_may_be_named(layout: Layout, server: Server, dump: Path) -> None:
    prefix = server.put_tree(dump)
    key = next((dump / "token_transfers" / "date=2024-03-31").iterdir()).name
    assert ingest_files(layout, [f"{prefix}/token_transfers/date=2024-03-31/{key}"], FORMAT).rows_new == 2


def test_requests_are_unsigned_unless_the_environment_names_credentials(
    layout: Layout, server: Server, dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = server.put_tree(dump)
    ingest_files(layout, [address], FORMAT)
    assert all("Authorization" not in seen.headers for seen in server.seen)
    server.seen.clear()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-session")
    ingest_files(layout, [address], FORMAT)
    assert server.seen
    for seen in server.seen:
        headers = {name.lower(): value for name, value in seen.headers.items()}
        assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=a-key/")
        assert "/eu-west-3/s3/" in headers["authorization"]
        assert headers["x-amz-security-token"] == "a-session"
    server.seen.clear()
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    ingest_files(layout, [address], FORMAT)
    assert all("Authorization" not in seen.headers for seen in server.seen)


def test_only_the_columns_that_are_needed_are_fetched(layout: Layout, server: Server, tmp_path: Path) -> None:
    rows = [aws_row("transactions", hash=f"0x{n:064x}", input=os.urandom(2000).hex()) for n in range(400)]
    path = write_aws(tmp_path, "transactions", rows)
    ingest_files(layout, [server.put(path, "date=2024-03-31/a.parquet")], "aws-eth-transactions")
    fetched = sum(seen.sent for seen in server.seen if ".parquet" in seen.path and seen.method == "GET")
    assert stored(layout).height == 400
    assert fetched < path.stat().st_size / 2


def test_only_the_days_that_are_asked_for_are_fetched(layout: Layout, server: Server, dump: Path) -> None:
    address = server.put_tree(dump)
    report = ingest_files(
        layout, [address], FORMAT, from_date=dt.date(2024, 3, 31), to_date=dt.date(2024, 4, 1)
    )
    assert report.rows_new == 2
    assert {path.split("date%3D")[-1].split("date=")[-1][:10] for path in server.gets()} == {"2024-03-31"}


def test_a_file_with_rows_of_another_day_is_named_by_its_address(
    layout: Layout, server: Server, dump: Path
) -> None:
    row = aws_row("token_transfers", block_timestamp=NOON, block_number=200)
    write_aws(dump, "token_transfers", [row], date="2024-04-01", part=9)
    address = server.put_tree(dump)
    (warning,) = ingest_files(layout, [address], FORMAT).warnings
    assert warning.startswith(f"{address}/token_transfers/date=2024-04-01/part-00009")
    assert "holds rows of other days than 2024-04-01" in warning


@pytest.mark.parametrize("fault", ["503", "cut"])
def test_answers_that_break_off_or_ask_for_patience_are_asked_again(
    layout: Layout, server: Server, dump: Path, tmp_path: Path, fault: str
) -> None:
    address = server.put_tree(dump)
    server.fault = lambda method, path, before: fault if before < 4 and ".parquet" in path else ""
    assert ingest_files(layout, [address], FORMAT).rows_new == 6
    server.fault = lambda method, path, before: ""
    assert same_as_local(layout, dump, tmp_path)


def test_a_server_that_never_recovers_is_named_and_the_next_run_goes_on(
    layout: Layout, server: Server, dump: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "ROWS_TOGETHER", 1)
    monkeypatch.setattr(objects, "ATTEMPTS", 2)
    address = server.put_tree(dump)
    heads = iter(range(10**6))

    def fault(method: str, path: str, before: int) -> str:
        return "503" if method == "GET" and "2024-04-01" in path and next(heads) > 1 else ""

    server.fault = fault
    with pytest.raises(WorkError, match=r"date=2024-04-01/.* could not be read in 2 attempts") as error:
        ingest_files(layout, [address], FORMAT)
    assert "goes on where it was" in error.value.hint
    assert stored(layout).height == 4
    server.fault = lambda method, path, before: ""
    server.seen.clear()
    report = ingest_files(layout, [address], FORMAT)
    assert report.rows_new == report.rows_read == 2
    assert any("2 of 3 files were stored by a run that ended early" in text for text in report.warnings)
    assert all("2024-04-01" in path for path in server.gets())
    assert same_as_local(layout, dump, tmp_path)
    assert ingest_files(layout, [address], FORMAT).rows_already_there == 6


def test_a_run_that_is_killed_goes_on_and_ends_with_the_same_bytes(
    layout: Layout, server: Server, dump: Path, tmp_path: Path
) -> None:
    address = server.put_tree(dump)
    heads = iter(range(10**6))
    server.fault = lambda method, path, before: (
        "hang" if method == "GET" and "2024-04-01" in path and next(heads) > 1 else ""
    )
    program = (
        "import sys; from pathlib import Path; from inflows.layout import Layout\n"
        "from inflows.sources import batches, ingest_files\n"
        "batches.ROWS_TOGETHER = 1\n"
        f"ingest_files(Layout(Path(sys.argv[1])), [sys.argv[2]], {FORMAT!r})"
    )
    command = [sys.executable, "-c", program, str(layout.root), address]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    second = layout.raw_partition("transfers", "ethereum", "2024-03-31")
    ledger = layout.raw / ".unfinished"
    for _ in range(600):
        if (
            second.exists()
            and ledger.exists()
            and "2024-03-31" in next(ledger.iterdir()).read_text(encoding="utf-8")
        ):
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    server.hanging.set()
    server.fault = lambda method, path, before: ""
    server.seen.clear()
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    server.hanging.clear()
    assert all("2024-04-01" in path for path in server.gets())
    assert same_as_local(layout, dump, tmp_path)


def test_a_listing_that_changes_while_it_is_read_is_noticed(
    layout: Layout, server: Server, dump: Path
) -> None:
    address = server.put_tree(dump)
    late = next((dump / "token_transfers" / "date=2024-03-30").iterdir())

    def fault(method: str, path: str, before: int) -> str:
        if ".parquet" in path and "late" not in path:
            server.put(late, "v1.0/eth/token_transfers/date=2024-03-30/late.parquet")
        return ""

    server.fault = fault
    report = ingest_files(layout, [address], FORMAT)
    assert [text for text in report.warnings if "changed while it was read (1 new)" in text]


def test_an_object_that_is_replaced_while_it_is_read_is_not_mixed(
    layout: Layout, server: Server, dump: Path
) -> None:
    address = server.put_tree(dump)
    path = next((dump / "token_transfers" / "date=2024-03-31").iterdir())
    server.put(dump / "token_transfers" / "date=2024-03-31" / path.name, "v1.0/other.parquet")
    count = iter(range(10**6))

    def fault(method: str, asked: str, before: int) -> str:
        if method == "GET" and "2024-03-31" in asked and next(count) == 0:
            bigger = [aws_row("token_transfers", log_index=n) for n in range(50)]
            new = write_aws(dump.parent / "new", "token_transfers", bigger)
            server.put(new, f"v1.0/eth/token_transfers/date=2024-03-31/{path.name}")
        return ""

    server.fault = fault
    with pytest.raises(WorkError, match="changed after it was listed"):
        ingest_files(layout, [address], FORMAT)
    assert not layout.raw.exists()


@pytest.mark.parametrize("fraction", [".123", ".999999", ".000"])
def test_a_server_that_lists_fractions_of_seconds_is_read(
    layout: Layout, server: Server, dump: Path, fraction: str
) -> None:
    server.fraction = fraction
    report = ingest_files(layout, [server.put_tree(dump)], FORMAT)
    assert report.rows_new
    assert not [text for text in report.warnings if "changed" in text]


def test_an_object_of_the_same_size_that_is_replaced_within_a_second_is_not_mixed(
    layout: Layout, server: Server, dump: Path
) -> None:
    address = server.put_tree(dump)
    path = next((dump / "token_transfers" / "date=2024-03-31").iterdir())
    other = write_aws(dump.parent / "new", "token_transfers", [aws_row("token_transfers", log_index=5)])
    key = f"v1.0/eth/token_transfers/date=2024-03-31/{path.name}"
    server.put(other, key)
    heads = iter(range(10**6))

    def fault(method: str, asked: str, before: int) -> str:
        if method == "HEAD" and path.name in asked and "2024-03-31" in asked and next(heads) == 1:
            changed = bytearray(other.read_bytes())
            changed[4] ^= 1  # of the same size; it is looked at before it is read
            (dump.parent / "changed.parquet").write_bytes(changed)
            server.put(dump.parent / "changed.parquet", key)
        return ""

    server.fault = fault
    with pytest.raises(WorkError, match="changed after it was listed"):
        ingest_files(layout, [address], FORMAT)
    assert not layout.raw.exists()


def test_a_bucket_that_refuses_is_named_without_the_key(
    layout: Layout, server: Server, dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = next((dump / "token_transfers" / "date=2024-03-31").iterdir())
    address = server.put(path, "private/a.parquet", public=False)
    with pytest.raises(UsageError, match=r"The object store refuses s3://.*ACCESS_DENIED") as error:
        ingest_files(layout, [address], FORMAT)
    assert "AWS_SKIP_SIGNATURE" in error.value.hint
    assert not layout.raw.exists()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", SECRET)
    with pytest.raises(UsageError, match="Only one of") as error:
        ingest_files(layout, [address], FORMAT)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("s3://no-such-bucket/eth", "There is no bucket"),
        (f"s3://{BUCKET}/nothing/here", "leads to no file"),
        (f"s3://{BUCKET}/*.parquet", "leads to no file"),
        ("s3://Bad_Bucket/eth", "names no bucket"),
    ],
)
@pytest.mark.parametrize("input_format", [FORMAT, "inflows"])
def test_an_address_that_leads_to_nothing_is_one_sentence(
    layout: Layout, server: Server, address: str, message: str, input_format: str
) -> None:
    with pytest.raises(UsageError, match=message):
        ingest_files(layout, [address], input_format)
    assert not layout.raw.exists()


def test_a_server_that_is_not_there_is_work_that_failed(
    layout: Layout, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(objects, "ATTEMPTS", 1)
    with pytest.raises(WorkError, match="NETWORK_CONNECTION"):
        ingest_files(layout, [f"s3://{BUCKET}/eth"], FORMAT)


def test_a_truncated_object_is_named_by_its_address_and_nothing_is_stored(
    layout: Layout, server: Server, dump: Path, tmp_path: Path
) -> None:
    address = server.put_tree(dump)
    whole = next((dump / "token_transfers" / "date=2024-03-31").iterdir()).read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    server.put(tmp_path / "cut.parquet", "v1.0/eth/token_transfers/date=2024-04-02/cut.parquet")
    with pytest.raises(UsageError, match=r"s3://.*cut.parquet cannot be read as Parquet"):
        ingest_files(layout, [address], FORMAT)
    assert not layout.raw.exists()


def test_our_own_files_and_cryos_are_read_from_buckets_too(
    layout: Layout, server: Server, tmp_path: Path
) -> None:
    server.put(write_csv(tmp_path / "own.csv", [ROW]), "own/own.csv")
    assert ingest_files(layout, [f"s3://{BUCKET}/own"], "inflows").rows_new == 1
    server.put(write_csv(tmp_path / "bad.csv", [{**ROW, "more": 1}]), "bad/bad.csv")
    with pytest.raises(UsageError, match=f"^s3://{BUCKET}/bad/bad.csv has the unknown column 'more'"):
        ingest_files(layout, [f"s3://{BUCKET}/bad"], "inflows")
    server.put(write_cryo(tmp_path / "t.parquet", [token(log_index=9)]), "cryo/transfers.parquet")
    server.put(write_cryo(tmp_path / "b.parquet", cryo_blocks([100])), "blocks/blocks.parquet")
    report = ingest_files(
        layout, [f"s3://{BUCKET}/cryo"], "cryo", blocks=f"s3://{BUCKET}/blocks/blocks.parquet"
    )
    assert report.rows_new == 1


def _options(**environment: str) -> dict[str, Any]:
    from inflows.http.aws_environment import options

    return options(environment)


def test_the_environment_names_of_aws_are_understood(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    assert _options() == {"anonymous": True}
    assert _options(AWS_DEFAULT_REGION="us-east-2", AWS_NO_SIGN_REQUEST="YES") == {
        "region": "us-east-2",
        "anonymous": True,
    }
    assert _options(
        AWS_ENDPOINT_URL="https://a.example:9000",
        AWS_ENDPOINT_URL_S3="http://b.example",
        AWS_ACCESS_KEY_ID="k",
        AWS_SECRET_ACCESS_KEY="s",
        AWS_CA_BUNDLE=str(bundle),
    ) == {
        "endpoint_override": "b.example",
        "scheme": "http",
        "access_key": "k",
        "secret_key": "s",
        "tls_ca_file_path": str(bundle),
    }
    assert _options(AWS_PROFILE="work") == {}
    with pytest.raises(UsageError, match="AWS_ENDPOINT_URL is no address"):
        _options(AWS_ENDPOINT_URL="ftp://x")
