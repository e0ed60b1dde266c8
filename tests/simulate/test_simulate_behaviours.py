"""Every behaviour that a simulated market is said to have occurs in it."""

import csv
import datetime as dt

import polars as pl
import pytest

from inflows.chains import EVM_ZERO, TRON_ZERO
from inflows.contracts.names import FLOW_TYPES, KINDS, LEVELS, OTHER_ROLES
from inflows.simulate import PUBLISHED_MARKET, simulate


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return simulate(tmp_path_factory.mktemp("behaviours"), transfers=20_000, seed=1)


@pytest.fixture(scope="module")
def transfers(folder):
    return pl.read_parquet(folder / "transfers")


def table(folder, name):
    frame = pl.read_csv(folder / name, infer_schema=False).with_columns(pl.all().fill_null(""))
    for column in {"address", "contract"} & set(frame.columns):
        text = pl.col(column)
        lower = pl.when(text.str.starts_with("0x")).then(text.str.to_lowercase()).otherwise(text)
        frame = frame.with_columns(lower.alias(column))
    return frame


@pytest.fixture(scope="module")
def labels(folder):
    return table(folder, "labels.csv").with_columns(pl.col("confidence").cast(pl.Int64))


def of(labels, **wanted):
    """The addresses of the labels with the given values."""
    return labels.filter(*(pl.col(name) == one for name, one in wanted.items()))["address"].unique().to_list()


def touching(transfers, addresses):
    return transfers.filter(pl.col("from_address").is_in(addresses) | pl.col("to_address").is_in(addresses))


def second(text):
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=dt.UTC)


def test_all_kinds_on_three_chains_occur(transfers):
    assert set(transfers["chain"]) == {"ethereum", "bsc", "tron"}
    assert set(transfers["kind"]) == set(KINDS)


def test_all_flow_types_of_account_chains_occur_at_all_levels(folder):
    with (folder / "truth" / "flow_types.csv").open(encoding="utf-8") as file:
        counts = {(r["level"], r["flow_type"]): int(r["transfers"]) for r in csv.DictReader(file)}
    assert set(counts) == {(level, kind) for level in LEVELS for kind in FLOW_TYPES if kind != "fee"}
    assert min(counts.values()) > 20


def test_deposits_are_swept_into_the_hot_wallet_of_their_exchange_within_a_day(transfers, labels):
    boxes, hot = of(labels, role="deposit"), of(labels, role="hot")
    inward = transfers.filter(pl.col("to_address").is_in(boxes))
    sweeps = transfers.filter(pl.col("from_address").is_in(boxes) & pl.col("to_address").is_in(hot))
    pairs = inward.join(
        sweeps, left_on=["chain", "contract", "to_address"], right_on=["chain", "contract", "from_address"]
    ).filter((pl.col("block_time_right") - pl.col("block_time")).is_between(dt.timedelta(0), dt.timedelta(1)))
    same = pairs.filter(pl.col("amount_raw") == pl.col("amount_raw_right"), pl.col("amount_raw") != "0")
    assert len(same) > 500


def test_some_deposit_wallets_are_not_labelled_at_all_and_some_are_guesses(transfers, labels):
    hot, known = of(labels, role="hot"), of(labels)
    silent = transfers.filter(pl.col("to_address").is_in(hot) & ~pl.col("from_address").is_in(known))
    senders = silent.join(
        transfers.select("chain", "contract", "amount_raw", to_address="to_address"),
        left_on=["chain", "contract", "amount_raw", "from_address"],
        right_on=["chain", "contract", "amount_raw", "to_address"],
        how="semi",
    )
    assert len(senders) > 50
    assert len(labels.filter(pl.col("confidence") == 10, pl.col("role") == "deposit")) > 50


def test_cold_wallets_gas_wallets_and_all_roles_without_custody_take_part(transfers, labels):
    for role in ("hot", "cold", "deposit", "withdrawal", "", *OTHER_ROLES):
        assert len(touching(transfers, of(labels, role=role))) > 5, role


def test_exchanges_send_to_one_another_and_to_themselves(transfers, labels):
    owner = labels.filter(pl.col("role") == "hot", pl.col("valid_from") == "", pl.col("valid_to") == "")
    owner = owner.unique("address").select("address", "exchange")
    pairs = transfers.join(owner, left_on="from_address", right_on="address").join(
        owner, left_on="to_address", right_on="address"
    )
    assert len(pairs.filter(pl.col("exchange") != pl.col("exchange_right"))) > 100
    assert len(pairs.filter(pl.col("from_address") == pl.col("to_address"))) > 20


def test_coins_are_minted_burnt_wrapped_and_unwrapped_with_near_misses(folder, transfers):
    zero = [EVM_ZERO, TRON_ZERO]
    assert len(transfers.filter(pl.col("from_address").is_in(zero), pl.col("kind") == "token")) > 50
    assert len(transfers.filter(pl.col("to_address").is_in(zero))) > 50
    wrapped = table(folder, "assets.csv").filter(pl.col("kind") == "wrapped_native")["contract"].to_list()
    into = transfers.filter(pl.col("to_address").is_in(wrapped))
    assert len(into.filter(pl.col("kind") == "native")) > 20
    assert len(into.filter(pl.col("contract").is_in(wrapped))) > 3
    stray = into.filter(pl.col("kind") == "token", ~pl.col("contract").is_in(wrapped))
    assert len(stray) > 3
    assert len(transfers.filter(pl.col("from_address").is_in(wrapped), pl.col("kind") == "trace")) > 20


def test_unlisted_tokens_are_sent_to_exchanges_and_zero_amounts_pass_by(folder, transfers, labels):
    listed = table(folder, "assets.csv").select("chain", "contract")
    unlisted = transfers.join(listed, on=["chain", "contract"], how="anti")
    assert unlisted.select("chain", "contract").n_unique() > 3
    assert len(touching(unlisted, of(labels))) > 100
    assert len(touching(transfers.filter(pl.col("amount_raw") == "0"), of(labels))) > 100


def test_labels_hold_for_a_time_change_owner_and_yield_to_those_for_the_chain(transfers, labels):
    timed = labels.filter((pl.col("valid_from") != "") | (pl.col("valid_to") != ""))
    moved = timed.filter(pl.col("exchange").n_unique().over("address") > 1)
    assert moved["address"].n_unique() > 10
    general = labels.filter(pl.col("chain") == "evm").select("address", "exchange")
    special = labels.filter(pl.col("chain") == "bsc").join(general, on="address")
    beaten = special.filter(pl.col("exchange") != pl.col("exchange_right"))
    assert set(beaten["confidence"]) == {10, 60}
    on_bsc = transfers.filter(pl.col("chain") == "bsc")
    for addresses in (of(timed), of(moved), of(beaten)):
        assert len(touching(on_bsc, addresses)) > 10


def test_confidences_lie_on_both_sides_of_each_threshold(transfers, labels):
    for confidence in (0, 10, 19, 20, 49, 50, 60, 90, 100):
        assert len(touching(transfers, of(labels, confidence=confidence))) > 3, confidence


def test_a_quote_is_met_at_exactly_48_hours_and_one_second_later_and_one_coin_is_never_quoted(
    folder, transfers
):
    quotes = table(folder, "prices.csv").with_columns(
        pl.col("time").map_elements(second, pl.Datetime("us", "UTC"))
    )
    aged = transfers.sort("block_time").join_asof(
        quotes.sort("time"),
        left_on="block_time",
        right_on="time",
        by=["chain", "contract"],
        check_sortedness=False,
    )
    ages = set((aged["block_time"] - aged["time"]).drop_nulls().dt.total_seconds())
    assert {0, 48 * 3600, 48 * 3600 + 1} <= ages
    assert max(ages) > 4 * 86_400
    silent = table(folder, "assets.csv").join(quotes, on=["chain", "contract"], how="anti")
    assert len(silent) == 1
    assert len(transfers.join(silent, on=["chain", "contract"], how="semi")) > 20


def test_untrusted_coins_are_worth_exactly_a_billion_and_one_unit_less(folder, transfers):
    risky = table(folder, "assets.csv").filter(pl.col("trusted") == "false")
    mine = transfers.join(risky, on=["chain", "contract"])
    raw = {int(one) for one in mine["amount_raw"]}
    billion = 10**9 * 4 * 10 ** int(risky["decimals"][0])  # at a quarter of a dollar
    assert {billion, billion - 1} <= raw
    prices = table(folder, "prices.csv").join(risky, on=["chain", "contract"])
    assert set(prices["price_usd"]) == {"0.25"}


def test_transfers_fall_on_the_first_and_the_last_second_of_half_years_licences_and_labels(transfers, labels):
    times = set(transfers["block_time"])
    edges = {second(day) for day in ("2023-01-01", "2023-07-01", "2024-01-01", "2024-07-01")}
    for exchange in PUBLISHED_MARKET.exchanges:
        for one in exchange.weights:
            edges |= {second(day.isoformat()) for day in (one.valid_from, one.valid_to) if day}
    edges |= {second(one) for one in {*labels["valid_from"], *labels["valid_to"]} - {""}}
    assert len(edges) > 10
    for edge in edges:
        assert edge in times, edge
        assert edge - dt.timedelta(seconds=1) in times, edge


def test_weights_are_fractional_end_within_the_window_and_are_missing_for_some(folder):
    weights = table(folder, "jurisdictions.csv")
    assert (weights["weight"].str.len_chars() == 11).sum() >= 3
    licences = weights.filter(pl.col("basis") == "licence")
    assert (licences["valid_from"] != "").any()
    assert (licences["valid_to"] != "").any()
    missing = {one.slug for one in PUBLISHED_MARKET.exchanges} - set(weights["exchange"])
    assert missing == {"sim-nowhere"}
    assert "sim-global" not in set(licences["exchange"])


def test_days_look_like_a_market_with_quiet_nights_growth_and_a_few_whales(transfers):
    hours = transfers.group_by(pl.col("block_time").dt.hour()).len().sort("block_time")["len"]
    assert hours[15] > 1.3 * hours[4]
    half = pl.col("block_time").dt.truncate("6mo")
    counts = transfers.group_by(half).len().sort("block_time")["len"]
    assert counts[1] < counts[2] < counts[3]
    tether = transfers.filter(pl.col("chain") == "tron", pl.col("contract") != "")
    sizes = tether["amount_raw"].cast(pl.Float64, strict=False).drop_nulls().sort(descending=True)
    sizes = sizes.filter(sizes < 1e17)
    assert sizes.head(len(sizes) // 100).sum() > 0.15 * sizes.sum()
    assert sizes.mean() > 3 * sizes.median()
