import polars as pl
import pytest

from inflows.sources.evm_logs import TRANSFER_TOPIC, decode_transfer_logs, hex_to_digits

A, B = "a" * 40, "b" * 40
APPROVAL = "0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925"


def word(hexadecimal: str) -> str:
    return hexadecimal.rjust(64, "0")


def decode(topics: list[str], data: str) -> dict[str, object]:
    logs = pl.LazyFrame({"address": ["0xToken"], "topics": [topics], "data": [data], "log_index": [7]})
    schema = {"topics": pl.List(pl.String)}
    return decode_transfer_logs(logs.cast(schema)).collect().row(0, named=True)  # type: ignore[arg-type]


INDEXED = [TRANSFER_TOPIC, "0x" + word(A), "0x" + word(B)]


@pytest.mark.parametrize("amount", [0, 1, 255, 2**53 + 1, 2**60, 2**64 - 1, 2**128, 2**256 - 1])
def test_three_topics_and_one_word_are_a_token_transfer_to_the_last_digit(amount: int) -> None:
    found = decode(INDEXED, "0x" + word(f"{amount:x}"))
    assert found["reason"] is None
    assert found["log_index"] == 7
    assert (found["from_address"], found["to_address"]) == ("0x" + A, "0x" + B)
    assert (found["contract"], found["amount_raw"]) == ("0xToken", str(amount))


def test_one_topic_and_three_words_are_a_token_transfer() -> None:
    found = decode([TRANSFER_TOPIC], "0x" + word(A) + word(B) + word("ff"))
    assert (found["reason"], found["from_address"], found["to_address"], found["amount_raw"]) == (
        None,
        "0x" + A,
        "0x" + B,
        "255",
    )


def test_upper_case_hex_says_the_same() -> None:
    topics = [topic.upper().replace("0X", "0x") for topic in INDEXED]
    assert decode(topics, "0x" + word("FF"))["amount_raw"] == "255"


def test_four_topics_are_an_nft_whatever_the_data() -> None:
    for data in ("0x", "0x" + word("1")):
        assert decode([*INDEXED, "0x" + word("2a")], data)["reason"] == "nft"


@pytest.mark.parametrize(
    ("topics", "data"),
    [
        (INDEXED, "0x"),
        (INDEXED, "0x" + word("1")[2:]),  # 31 bytes
        (INDEXED, "0x" + word("1") + "00"),  # 33 bytes
        (INDEXED[:2], "0x" + word(B) + word("1")),
        (INDEXED[:1], "0x" + word(A) + word(B)),
        (INDEXED[:1], "0x" + word("1")),
        (INDEXED, "0x" + "g" * 64),
        ([TRANSFER_TOPIC, "0x" + "1" + word(A)[1:], "0x" + word(B)], "0x" + word("1")),  # no address
        ([TRANSFER_TOPIC, "0x" + A, "0x" + word(B)], "0x" + word("1")),
    ],
)
def test_every_other_shape_is_malformed(topics: list[str], data: str) -> None:
    found = decode(topics, data)
    assert found["reason"] == "malformed_transfer_log"
    assert found["amount_raw"] is None


@pytest.mark.parametrize("topics", [[], [APPROVAL, *INDEXED[1:]], [TRANSFER_TOPIC[:-1] + "e", *INDEXED[1:]]])
def test_other_events_are_no_transfers(topics: list[str]) -> None:
    assert decode(topics, "0x" + word("1"))["reason"] == "no_transfer"


def test_hex_of_every_length_is_read_as_python_reads_it() -> None:
    numbers = [0, *(16**power - 1 for power in range(1, 65)), *(16**power for power in range(64))]
    frame = pl.DataFrame({"word": [word(f"{n:x}") for n in numbers]}).select(hex_to_digits(pl.col("word")))
    assert frame.to_series().to_list() == [str(n) for n in numbers]
