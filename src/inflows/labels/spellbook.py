"""Spellbook's lists of centralised exchanges: one SQL file of VALUES for EVM, one for each other chain.

Source: duneanalytics/spellbook, models/_sector/cex/addresses/chains/**/cex_*_addresses.sql. The SQL is read
by sqlglot's tokenizer (Trino's literals, comments skipped); the jinja around it is text that no VALUES stands
in. The names of the columns follow the VALUES: `AS x (blockchain, address, cex_name, distinct_name, …)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlglot import Token, TokenType, tokenize
from sqlglot.errors import SqlglotError

from inflows.errors import UsageError
from inflows.labels.checkouts import files_in, text_of
from inflows.labels.claim_rows import Claim

SOURCE: Final = "spellbook"
LAYOUT: Final = (
    "dbt_subprojects/hourly_spellbook/models/_sector/cex/addresses/chains/**/cex_*_addresses.sql",
    "models/cex/**/cex_*_addresses.sql",
    "**/cex_*_addresses.sql",
)


def read(path: Path) -> Iterator[Claim]:
    """The claims of a checkout, or of one of its files."""
    read_rows = 0
    for file, name in files_in(path, LAYOUT, ".sql", "spellbook"):
        for line, row in _rows(file):
            read_rows += 1
            yield Claim(
                chain=row.get("blockchain") or "evm",
                address=row["address"],
                name=row["cex_name"],
                label=row.get("distinct_name", ""),
                source=SOURCE,
                list=name,
                entry=str(line),
            )
    if not read_rows:
        raise UsageError(
            f"{path} holds no list of addresses.", "Give a checkout of spellbook, or its cex lists."
        )


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a file's VALUES, by column, each with its line; a chain's model has none."""
    try:
        tokens = tokenize(text_of(file), read="trino")
    except SqlglotError:
        raise UsageError(f"{file} cannot be read as SQL.", "Fetch it again.") from None
    start = next((i for i, token in enumerate(tokens) if token.token_type == TokenType.VALUES), None)
    if start is None:
        return
    rows, end = _tuples(file, tokens, start + 1)
    columns = _columns(tokens, end)
    for name in ("address", "cex_name"):
        if name not in columns:
            raise UsageError(f"{file} lacks the column '{name}' after its VALUES.", "Fetch it again.")
    for line, row in rows:
        if len(row) != len(columns):
            raise UsageError(
                f"{file}:{line}: the row has {len(row)} values, where the list has {len(columns)} columns.",
                "Fetch the file again.",
            )
        yield line, dict(zip(columns, row, strict=True))


def _tuples(file: Path, tokens: list[Token], at: int) -> tuple[list[tuple[int, list[str]]], int]:
    """The tuples of literals from a token on, and the place after the last."""
    rows: list[tuple[int, list[str]]] = []
    while at < len(tokens) and tokens[at].token_type in (TokenType.L_PAREN, TokenType.COMMA):
        if tokens[at].token_type == TokenType.COMMA:
            at += 1
            continue
        line, row, at = tokens[at].line, [], at + 1
        while at < len(tokens) and tokens[at].token_type != TokenType.R_PAREN:
            kind, text = tokens[at].token_type, tokens[at].text
            if kind in (TokenType.L_PAREN, TokenType.VALUES):
                raise UsageError(
                    f"{file}:{tokens[at].line}: this is no list of plain values.", "Fetch it again."
                )
            if kind == TokenType.HEX_STRING:
                row.append("0x" + text)
            elif kind == TokenType.NULL:
                row.append("")
            elif kind not in (TokenType.COMMA, TokenType.DATE, TokenType.TIMESTAMP):
                row.append(text)
            at += 1
        if at == len(tokens):
            raise UsageError(f"{file}:{line}: the list is cut off.", "Fetch the file again.")
        rows.append((line, row))
        at += 1
    return rows, at


def _columns(tokens: list[Token], at: int) -> list[str]:
    """The names in the first brackets after an AS."""
    while at < len(tokens) and tokens[at].token_type != TokenType.L_PAREN:
        at += 1
    columns: list[str] = []
    for token in tokens[at + 1 :]:
        if token.token_type == TokenType.R_PAREN:
            break
        if token.token_type != TokenType.COMMA:
            columns.append(token.text.lower())
    return columns
