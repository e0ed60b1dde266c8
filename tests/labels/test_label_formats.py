"""Every list of others: what its checkout says, and what is told where it says nothing."""

from pathlib import Path

import pytest
from label_lists import (
    ASIDE,
    BITCOIN,
    EXPECTED,
    FILES,
    LATER,
    NOW,
    SEGWIT,
    TRON,
    A,
    load,
    rows,
    stored,
    write_checkout,
    write_files,
)

from inflows.errors import UsageError
from inflows.labels.list_format import FORMATS
from inflows.layout import Layout
from inflows.registry.label_sources import label_sources
from inflows.registry.store import files_of
from inflows.registry.tables import LABELS

forms = pytest.mark.parametrize("form", list(FORMATS))


def test_every_list_has_a_checkout_here_and_its_facts() -> None:
    assert set(FORMATS) == set(FILES) == set(EXPECTED) == set(ASIDE)
    assert set(FORMATS) <= set(label_sources())


@forms
def test_a_checkout_gives_the_claims_that_it_makes(layout: Layout, tmp_path: Path, form: str) -> None:
    report = load(layout, write_checkout(tmp_path, form), form)
    assert rows(layout) == EXPECTED[form]
    assert (dict(report.quarantined), dict(report.skipped)) == ASIDE[form]


@forms
def test_every_claim_is_stored_or_counted(layout: Layout, tmp_path: Path, form: str) -> None:
    report = load(layout, write_checkout(tmp_path, form), form)
    aside = report.quarantined.total() + report.skipped.total() + report.repeated
    assert report.claims == report.imported.read + aside
    assert report.imported.added == len(EXPECTED[form])


@forms
def test_the_same_checkout_twice_stores_nothing_the_second_time(
    layout: Layout, tmp_path: Path, form: str
) -> None:
    checkout = write_checkout(tmp_path, form)
    load(layout, checkout, form)
    before = {path: path.read_bytes() for path in sorted(layout.registry.rglob("*.parquet"))}
    again = load(layout, checkout, form, now=LATER)
    assert again.imported.added == again.imported.replaced == 0
    assert {path: path.read_bytes() for path in sorted(layout.registry.rglob("*.parquet"))} == before


@forms
def test_evidence_names_the_file_in_the_checkout(layout: Layout, tmp_path: Path, form: str) -> None:
    checkout = write_checkout(tmp_path, form)
    load(layout, checkout, form)
    for evidence, address in stored(layout).select("evidence", "address").rows():
        name, _, line = evidence.split(" ")[0].partition(":")
        text = (checkout / name).read_text(encoding="utf-8").splitlines()
        assert address in (text[int(line) - 1] if line else "".join(text))


@forms
def test_claims_are_known_from_the_import_on_and_hold_since_ever(
    layout: Layout, tmp_path: Path, form: str
) -> None:
    load(layout, write_checkout(tmp_path, form), form)
    [spans] = stored(layout).select("known_at", "valid_from", "valid_to").unique().rows()
    assert spans == (NOW, None, None)


@forms
def test_a_folder_that_is_no_checkout_is_told_in_one_sentence(
    layout: Layout, tmp_path: Path, form: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "README.md").write_text("nothing", encoding="utf-8")
    for path in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(UsageError) as error:
            load(layout, path, form)
        assert str(path) in error.value.problem
        assert error.value.hint
    assert not files_of(layout, LABELS)


@forms
@pytest.mark.parametrize("wreck", ["", "\x00\x01\x02", "{[('", "just words\n"])
def test_a_file_that_is_none_of_the_list_stores_nothing(
    layout: Layout, tmp_path: Path, form: str, wreck: str
) -> None:
    checkout = write_checkout(tmp_path, form)
    name = next(iter(FILES[form]))
    (checkout / name).write_text(wreck, encoding="utf-8")
    with pytest.raises(UsageError) as error:
        load(layout, checkout / name, form)
    assert name.rpartition("/")[2] in error.value.problem
    assert "\n" not in error.value.problem
    assert not list(layout.registry.rglob("*.parquet"))


def test_a_row_of_spellbook_with_a_value_missing_names_its_line(layout: Layout, tmp_path: Path) -> None:
    columns = "AS x (blockchain, address, cex_name)"
    sql = f"SELECT * FROM (VALUES\n ('bitcoin', '1', 'A')\n , ('bitcoin', '2')\n) {columns}"
    write_files(tmp_path, {"cex_bitcoin_addresses.sql": sql})
    with pytest.raises(UsageError, match=r"cex_bitcoin_addresses.sql:3: the row has 2 values"):
        load(layout, tmp_path, "spellbook")


def test_what_only_a_run_of_the_javascript_gives_is_left_out(layout: Layout, tmp_path: Path) -> None:
    script = (
        "const f = async () => ['0x1']\nmodule.exports = { ethereum: { owners: f }, bsc: { owners: ['%s'] } }"
    )
    write_files(tmp_path, {"cex/bybit.js": script % ("0x" + "a" * 40)})
    assert load(layout, tmp_path, "defillama").claims == 1


def test_javascript_reads_no_file_outside_the_checkout(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "secret.js").write_text(f"module.exports = ['0x{'b' * 40}']", encoding="utf-8")
    owners = f"['0x{'a' * 40}', ...require('../../secret.js')]"
    script = f"module.exports = {{ bsc: {{ owners: {owners} }} }}"
    write_files(tmp_path / "checkout", {"cex/bybit.js": script})
    assert load(layout, tmp_path / "checkout", "defillama").claims == 1


def test_a_reserve_list_must_name_its_publisher(layout: Layout, tmp_path: Path) -> None:
    write_files(tmp_path, {"list.csv": "Coin,Height,Amount,Address\nBTC,1,1,x\n"})
    with pytest.raises(UsageError, match="which exchange published it"):
        load(layout, tmp_path, "reserves")


OKX = """coin,amount,snapshot height
BTC,100,840000
USDT,5,20000000
,,
coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script
BTC,BTC,840000,{bitcoin},60,I am an OKX address,aa,bb,cc
BTC,BTC,840000,{segwit},40,I am an OKX address,aa,,
USDT,USDT-ERC20,20000000,{evm},3,I am an OKX address,aa,,
USDT-TRC20,,60000000,{tron},2,I am an OKX address,aa,,
ETH-ARBITRUM,ARBITRUM,1,{evm},2,I am an OKX address,aa,,
USDT-POLY,,1,{evm},2,I am an OKX address,aa,,
BTC,BTC,840000,,0,,,,

"""


@pytest.mark.parametrize("name", ["okx_por_202407.csv", "download.csv"])
def test_a_reserve_list_in_okxs_form_is_read_below_its_sums(
    layout: Layout, tmp_path: Path, name: str
) -> None:
    write_files(tmp_path, {name: OKX.format(bitcoin=BITCOIN, segwit=SEGWIT, evm=A, tron=TRON)})
    report = load(layout, tmp_path / name, "reserves")
    assert (report.claims, dict(report.quarantined)) == (6, {})
    assert rows(layout) == {
        (chain, address, "okx", "reserve", 50, "reserves-okx")
        for chain, address in (
            ("bitcoin", BITCOIN),
            ("bitcoin", SEGWIT),
            ("ethereum", A),
            ("tron", TRON),
            ("arbitrum", A),
            ("polygon", A),
        )
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("coin,amount\nBTC,5\n", "is no reserve list"),
        (OKX[: OKX.index("{bitcoin}")], r"okx_por\.csv:6: the row is cut off"),
    ],
)
def test_what_is_no_whole_list_of_okx_is_refused(
    layout: Layout, tmp_path: Path, text: str, says: str
) -> None:
    write_files(tmp_path, {"okx_por.csv": text})
    with pytest.raises(UsageError, match=says):
        load(layout, tmp_path / "okx_por.csv", "reserves")
    assert not list(layout.registry.rglob("*.parquet"))
