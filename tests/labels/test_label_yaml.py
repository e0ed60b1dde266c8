"""YAML of others is text: nothing in it becomes code, and what is no plain YAML is told with its line."""

from pathlib import Path

import pytest
from label_lists import BITCOIN, SEGWIT, load, rows, write_files

from inflows.errors import UsageError
from inflows.labels.yaml_stream import YamlFile
from inflows.layout import Layout
from inflows.registry.label_sources import lineages

HEADER = "title: A pack\ncategory: exchange\ncurrency: BTC\nlabel: Kraken\nconfidence: service_data\ntags:\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            HEADER + f"- address: !!python/name:os.system {BITCOIN}\n",
            r"pack.yaml:7: the tag .*python.* not allowed",
        ),
        (
            HEADER + f"- !!python/object/apply:os.system ['true']\n- address: {BITCOIN}\n",
            r"pack.yaml:7: the tag",
        ),
        (HEADER + f"- address: !own {BITCOIN}\n", r"pack.yaml:7: the tag '!own'"),
        (f"label: Okx\n{HEADER}- address: {BITCOIN}\n", r"pack.yaml:5: the key 'label' stands twice"),
        (
            HEADER + f"- address: {BITCOIN}\n  address: {SEGWIT}\n",
            r"pack.yaml:8: the key 'address' stands twice",
        ),
        (HEADER + f"-\taddress: {BITCOIN}\n\tlabel: x\n", r"pack.yaml:[78]: this is not sound YAML"),
        (HEADER + f"- address: {BITCOIN}\n  label: 'open\n", r"pack.yaml:\d+: this is not sound YAML"),
        (HEADER + f"- address: {BITCOIN}\n--- \nsecond: 1\n", r"pack.yaml:8: a second document"),
        (HEADER + "- 1\n", r"pack.yaml:7: the tag is no mapping"),
        (HEADER + "- label: x\n", r"pack.yaml:7: the tag has no address"),
        (
            HEADER + f"- address: {BITCOIN}\nactor: okx\n",
            r"pack.yaml:8: the header's 'actor' stands below the tags",
        ),
        (HEADER + "- address: *nowhere\n", r"pack.yaml:7: nothing is called \*nowhere"),
        (HEADER + "- address: " + "[" * 100 + "]" * 100 + "\n", r"pack.yaml:7: lists are nested too deep"),
        ("- address: x\n", r"pack.yaml:1: the file is no mapping"),
    ],
)
def test_a_pack_that_is_not_plain_is_refused_whole(
    layout: Layout, tmp_path: Path, text: str, said: str
) -> None:
    write_files(tmp_path / "packs", {"good.yaml": HEADER + f"- address: {BITCOIN}\n", "pack.yaml": text})
    with pytest.raises(UsageError, match=said) as error:
        load(layout, tmp_path, "tagpack")
    assert "\n" not in error.value.problem
    assert not list(layout.registry.rglob("*.parquet"))


def test_no_tag_of_yaml_is_ever_run(layout: Layout, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    path = f"!!python/object/apply:pathlib.Path ['{proof}']"
    call = f"- address: !!python/object/apply:pathlib.Path.touch [{path}]"
    write_files(tmp_path / "packs", {"pack.yaml": HEADER + call + "\n"})
    with pytest.raises(UsageError):
        load(layout, tmp_path, "tagpack")
    assert not proof.exists()


def test_words_that_yaml_takes_for_other_things_stay_words(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.yaml": "country: NO\nyes: 0x10\nwhen: 2020-01-01\nnone: ~\ntext: '~'\n"})
    assert [(key, value) for _, key, value in YamlFile(tmp_path / "a.yaml").items("tags")] == [
        ("country", "NO"),
        ("yes", "0x10"),
        ("when", "2020-01-01"),
        ("none", None),
        ("text", "~"),
    ]


def test_what_an_anchor_names_is_read_where_it_is_called(layout: Layout, tmp_path: Path) -> None:
    text = HEADER + f"- address: {BITCOIN}\n  concepts: &c [exchange]\n- address: {SEGWIT}\n  concepts: *c\n"
    write_files(tmp_path, {"pack.yaml": text})
    load(layout, tmp_path / "pack.yaml", "tagpack")
    assert {address for _, address, *_ in rows(layout)} == {BITCOIN, SEGWIT}


def test_a_tag_overrules_its_header(layout: Layout, tmp_path: Path) -> None:
    text = HEADER + f"- address: {BITCOIN}\n- address: {SEGWIT}\n  label: Bitstamp\n  confidence: web_crawl\n"
    write_files(tmp_path, {"pack.yaml": text})
    load(layout, tmp_path / "pack.yaml", "tagpack")
    assert {(address, exchange, sure) for _, address, exchange, _, sure, _ in rows(layout)} == {
        (BITCOIN, "kraken", 50),
        (SEGWIT, "bitstamp", 20),
    }


def test_a_tag_of_no_category_is_of_no_exchange_whatever_actor_it_names(
    layout: Layout, tmp_path: Path
) -> None:
    tags = f"- address: {BITCOIN}\n- address: {SEGWIT}\n  category: exchange\n"
    text = f"currency: BTC\nactor: okex\ntags:\n{tags}"
    report = load(layout, write_files(tmp_path, {"pack.yaml": text}) / "pack.yaml", "tagpack")
    assert dict(report.skipped) == {"not_tagged_exchange": 1}
    assert {address for _, address, *_ in rows(layout)} == {SEGWIT}


def test_packs_that_copy_an_explorer_are_of_its_lineage(layout: Layout, tmp_path: Path) -> None:
    write_files(tmp_path, {"packs/etherscan-wordcloud-exchange.yaml": HEADER + f"- address: {BITCOIN}\n"})
    load(layout, tmp_path, "tagpack")
    [(*_, source)] = rows(layout)
    assert lineages()[source] == "etherscan"
