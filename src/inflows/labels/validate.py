"""Validate claims: whose each listed address is, what it is for, and whether it can be believed.

A claim is SOUND, or SKIPPED (understood, and no wallet of an exchange: a payment service, a DEX, a hacker, a
token), or QUARANTINED (an address that cannot be one, a list that contradicts itself). The reason stands
beside it.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from inflows.chains import chain_slug
from inflows.contracts.names import ROLES
from inflows.exchanges import EXCHANGE, UNKNOWN_KIND, Names
from inflows.labels.address_check import WRONG_CHECKSUM, keeps_eip55, validate_address
from inflows.labels.affiliates import families
from inflows.labels.owners import owner_in
from inflows.labels.roles import CONTRACT, HACK, ROUTER, told_role

SOUND, SKIPPED, QUARANTINED = "sound", "skipped", "quarantined"

NOT_NAMED: Final = "no_owner_named"
NO_CHAIN: Final = "no_chain_named"
NOT_AN_EXCHANGE: Final = "not_tagged_exchange"
TOKEN_TAG: Final = "token"  # noqa: S105  (no password)
A_DEX: Final = "dex"
SEVERAL_EXCHANGES: Final = "several_exchanges"
A_FRAGMENT: Final = "fragment_of_another"
_FRAGMENT_LENGTH: Final = 20

VALIDATED: Final = {
    "chain": pl.String(),
    "address": pl.String(),
    "exchange": pl.String(),
    "role": pl.String(),
    "confidence": pl.Int64(),
    "source": pl.String(),
    "evidence": pl.String(),
    "list": pl.String(),
    "entry": pl.String(),
    "name": pl.String(),
    "label": pl.String(),
    "verdict": pl.String(),
    "reason": pl.String(),
    "tested": pl.Boolean(),
}
"""Chain, address and exchange are canonical where they could be told, else as listed."""

_ODD: Final = r"[\p{C}\p{Zl}\p{Zp}]"


def validate_claims(claims: pl.DataFrame, names: Names, default_confidence: dict[str, int]) -> pl.DataFrame:
    """Validate claims (claim_rows.CLAIMS) one by one: VALIDATED, in their order.

    default_confidence: by source.
    """
    owners = _owners(claims.select("name", "label", "tags").unique(maintain_order=True), names)
    chains = claims["chain"].unique(maintain_order=True)
    chain_of = dict(zip(chains, map(chain_slug, chains), strict=True))
    named = claims.with_columns(pl.col("chain").replace_strict(chain_of, return_dtype=pl.String)).join(
        owners, on=["name", "label", "tags"], how="left", validate="m:1", maintain_order="left"
    )
    verdicts = [
        validate_address(chain, address) for chain, address in named.select("chain", "address").iter_rows()
    ]
    tested = named.with_columns(
        pl.Series("_canonical", [verdict.address for verdict in verdicts], dtype=pl.String),
        pl.Series("_wrong", [verdict.reason for verdict in verdicts], dtype=pl.String),
        pl.Series("tested", [verdict.tested for verdict in verdicts], dtype=pl.Boolean),
    ).with_columns(
        _wrong=pl.when(_breaks_eip55())
        .then(pl.lit(WRONG_CHECKSUM))
        .when(pl.col("chain") == "")
        .then(pl.lit(NO_CHAIN))
        .when((pl.col("exchange") == "") & (pl.col("_skip") == ""))
        .then(pl.lit(NOT_NAMED))
        .otherwise("_wrong")
    )
    return tested.with_columns(
        verdict=_verdict(),
        reason=pl.when(pl.col("_skip") != "").then("_skip").otherwise("_wrong"),
        address=pl.when(pl.col("_wrong") == "").then("_canonical").otherwise("address"),
        role=pl.when(pl.col("role") != "").then("role").otherwise(_known_role()),
        confidence=pl.coalesce(
            "confidence", pl.col("source").replace_strict(default_confidence, return_dtype=pl.Int64)
        ),
        evidence=_evidence(),
        label=pl.col("label").str.replace_all(_ODD, "?").str.head(200),
        name=pl.coalesce(pl.col("_owner"), "name").str.replace_all(_ODD, "?").str.head(200),
    ).select(pl.col(name).cast(kind) for name, kind in VALIDATED.items())


def validate_together(validated: pl.DataFrame) -> pl.DataFrame:
    """Validate an import's claims against each other: VALIDATED, and `repeated` where another row says it.

    A source that gives one address to two exchanges is believed in neither. Where it repeats itself, the row
    that tells a role stands, else the first. Short untested addresses that are a piece of a longer one are
    none.
    """
    key = ["chain", "address", "source"]
    sound = pl.col("verdict") == SOUND
    pieces = _fragments(validated)
    rows = validated.with_row_index("_row").with_columns(
        reason=pl.when(sound & pl.col("address").is_in(pieces) & ~pl.col("tested"))
        .then(pl.lit(A_FRAGMENT))
        .otherwise("reason")
    )
    rows = rows.with_columns(
        verdict=pl.when(sound & (pl.col("reason") != "")).then(pl.lit(QUARANTINED)).otherwise("verdict")
    )
    claimed = rows.filter(sound).group_by(key).agg(_owners=pl.col("exchange").n_unique())
    rows = rows.join(claimed, on=key, how="left", validate="m:1", maintain_order="left")
    torn = sound & (pl.col("_owners") > 1)
    rows = rows.with_columns(
        reason=pl.when(torn).then(pl.lit(SEVERAL_EXCHANGES)).otherwise("reason"),
        verdict=pl.when(torn).then(pl.lit(QUARANTINED)).otherwise("verdict"),
    )
    best = (
        rows.filter(sound)
        .sort(
            *key,
            pl.col("confidence"),
            pl.col("role") == "",
            "_row",
            descending=[False] * 3 + [True, False, False],
        )
        .unique(subset=key, keep="first", maintain_order=True)
        .select("_row", repeated=pl.lit(False))
    )
    return (
        rows.join(best, on="_row", how="left", validate="1:1", maintain_order="left")
        .with_columns(repeated=sound & pl.col("repeated").is_null())
        .drop("_row", "_owners")
    )


def with_contracts(validated: pl.DataFrame, contracts: pl.DataFrame) -> pl.DataFrame:
    """Give the role `contract` to listed assets' contracts; for `evm`, to those on any chain."""
    listed = contracts.filter(pl.col("contract") != "").select("chain", address="contract")
    anywhere = listed.filter(pl.col("address").str.contains(r"^0x[0-9a-f]{40}$")).with_columns(
        chain=pl.lit("evm")
    )
    known = pl.concat([listed, anywhere]).unique().with_columns(_asset=pl.lit(True))
    return (
        validated.join(known, on=["chain", "address"], how="left", validate="m:1", maintain_order="left")
        .with_columns(role=pl.when(pl.col("_asset")).then(pl.lit("contract")).otherwise("role"))
        .drop("_asset")
    )


def _owners(named: pl.DataFrame, names: Names) -> pl.DataFrame:
    """Of each different (name, label, tags): _owner, exchange, `_skip` (why it is none), the role `_told`."""
    found = [_owner(name, label, tags, names) for name, label, tags in named.iter_rows()]
    told = told_role(pl.col("label"), pl.col("tags"))
    routers = [
        _is_of_another(label, exchange, names)
        for label, (_, exchange, _) in zip(named["label"], found, strict=True)
    ]
    # An explorer's tag for a token (`BIKICOIN TOKEN (BIKI)`) names the token, not whose it is.
    names_a_token = (pl.col("name") == "") & (pl.col("_told") == CONTRACT) & ~pl.col("_known")
    return (
        named.with_columns(
            pl.Series("_owner", [owner for owner, _, _ in found], dtype=pl.String),
            pl.Series("exchange", [exchange for _, exchange, _ in found], dtype=pl.String),
            pl.Series("_skip", [skip for _, _, skip in found], dtype=pl.String),
            pl.Series("_known", [names.is_known(owner) for owner, _, _ in found], dtype=pl.Boolean),
            pl.Series("_others", routers, dtype=pl.Boolean),
            _told=told,
        )
        .with_columns(
            _told=pl.when((pl.col("_told") == ROUTER) & pl.col("_others"))
            .then(pl.lit(CONTRACT))
            .otherwise("_told")
        )
        .with_columns(
            _skip=pl.when(pl.col("_skip") != "")
            .then("_skip")
            .when(pl.col("_told") == HACK)
            .then(pl.lit(HACK))
            .when(names_a_token)
            .then(pl.lit(TOKEN_TAG))
            .otherwise(pl.lit(""))
        )
        .drop("_known", "_others")
    )


def _is_of_another(label: str, exchange: str, names: Names) -> bool:
    """Whether an explorer's tag (`Uniswap V3: Router`) names another owner than its list does."""
    if ROUTER not in label.lower():
        return False
    owner = owner_in(label, names)
    return (":" in label or names.is_known(owner)) and names.owner(owner).exchange != exchange


def _owner(name: str, label: str, tags: str, names: Names) -> tuple[str, str, str]:
    words = tags.split()
    if any(word.startswith("abuse:") for word in words):
        return name, "", HACK
    if not name:
        known = [word for word in words if names.is_known(word) and word != EXCHANGE]
        if known:
            name = _more_exact(known, owner_in(label, names), names)
        elif EXCHANGE in words:
            name = owner_in(label, names)
        else:
            return "", "", NOT_AN_EXCHANGE
    elif words and EXCHANGE not in words:
        return name, "", NOT_AN_EXCHANGE
    exchange, kind = names.owner(name)
    if kind not in (EXCHANGE, UNKNOWN_KIND):
        return name, exchange, kind
    if kind == UNKNOWN_KIND and any(word in ("dex", "defi_dex") for word in words):
        return name, exchange, A_DEX
    return name, exchange, ""


def _more_exact(tags: list[str], named: str, names: Names) -> str:
    """Of an explorer's tags the one that its label names, or a sister of it: `FTX US` is tagged `ftx`.

    So two lists of one explorer say the same of a wallet, and their order decides nothing.
    """
    owner = names.owner(named).exchange
    if not names.is_known(named):
        return tags[0]
    tagged = [names.owner(tag).exchange for tag in tags]
    family = families().get(owner, owner)
    is_meant = any(owner == one or families().get(one, one) == family for one in tagged)
    return named if is_meant else tags[0]


def _known_role() -> pl.Expr:
    return pl.when(pl.col("_told").is_in(ROLES)).then(pl.col("_told")).otherwise(pl.lit(""))


def _verdict() -> pl.Expr:
    return (
        pl.when(pl.col("_skip") != "")
        .then(pl.lit(SKIPPED))
        .when(pl.col("_wrong") != "")
        .then(pl.lit(QUARANTINED))
        .otherwise(pl.lit(SOUND))
    )


def _evidence() -> pl.Expr:
    place = (
        pl.when(pl.col("entry") != "").then(pl.concat_str("list", "entry", separator=":")).otherwise("list")
    )
    said = pl.when(pl.col("link") != "").then(pl.concat_str(place, "link", separator=" ")).otherwise(place)
    return said.str.replace_all(_ODD, "?").str.head(500)


def _breaks_eip55() -> pl.Expr:
    """Whether an EVM address breaks EIP-55, in a list of which every address is in mixed case."""
    is_evm = pl.col("address").str.contains(r"^0x[0-9a-fA-F]{40}$") & (pl.col("_wrong") == "")
    has_letters = pl.col("address").str.slice(2).str.contains("[a-fA-F]")
    digits = pl.col("address").str.slice(2)
    is_mixed = digits.str.contains("[a-f]") & digits.str.contains("[A-F]")
    promised = (is_mixed | ~(is_evm & has_letters)).all().over("source", "list")
    checked = pl.when(is_evm & has_letters & promised).then("address").otherwise(None)
    keeps = checked.map_elements(keeps_eip55, return_dtype=pl.Boolean, skip_nulls=True)
    return ~keeps.fill_null(True)


def _fragments(validated: pl.DataFrame) -> list[str]:
    """Short untested addresses that stand inside a longer one of the same import, whatever the case."""
    short = (
        validated.filter(
            ~pl.col("tested"),
            pl.col("verdict") == SOUND,
            pl.col("address").str.len_chars() <= _FRAGMENT_LENGTH,
        )["address"]
        .unique()
        .sort()
    )
    if short.is_empty():
        return []
    longer = validated.filter(pl.col("address").str.len_chars() > _FRAGMENT_LENGTH)["address"].unique().sort()
    text = "\n".join(longer.str.to_lowercase())
    return [address for address in short if address.lower() in text]
