"""A small warehouse made by hand: five transfers on two days, two exchanges, two jurisdictions."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from inflows.contracts.flows import DailyFacts, Findings, Flows, Totals, Wallets
from inflows.contracts.licences import Licences, References
from inflows.contracts.names import BASES, LEVELS, SCOPES
from inflows.contracts.registry import Assets, Jurisdictions
from inflows.contracts.schema import conform, dtypes
from inflows.times import BEGINNING, END
from inflows.warehouse.inputs import Coverage, WarehouseInputs
from inflows.warehouse.vintages import Vintage

USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"
NOON = dt.datetime(2024, 6, 30, 12, tzinfo=dt.UTC)
NEXT_DAY = dt.datetime(2024, 7, 1, 0, 0, 0, 123456, tzinfo=dt.UTC)


def frame(schema: type, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows as a frame of a contract; columns that are not given are null."""
    types = dtypes(schema)
    full = [{name: row.get(name) for name in types} for row in rows]
    return pl.DataFrame(full, schema=types).lazy().pipe(conform, schema).collect()


def flow(
    position: int, time: dt.datetime, flow_type: str | None, usd: str | None, **other: Any
) -> dict[str, Any]:
    sides = {"inflow": (None, "alpha"), "outflow": ("alpha", None), "inter_exchange": ("alpha", "beta")}
    sender, receiver = sides.get(flow_type or "", (None, None))
    return {
        "chain": "ethereum", "block_number": 20_000_000 + position, "block_time": time,
        "tx_hash": f"0x{position:064x}",
        "kind": "token", "position": position, "contract": USDT, "symbol": "USDT",
        "from_address": "0x" + "a" * 40, "to_address": "0x" + "b" * 40,
        "from_exchange": sender, "to_exchange": receiver,
        "from_confidence": 50 if sender else None, "to_confidence": 50 if receiver else None,
        "amount_raw": "1000000", "amount": Decimal(1), "usd": None if usd is None else Decimal(usd),
        "flow_type": flow_type, "flow_type_strict": flow_type, "flow_type_all": flow_type,
    } | other  # fmt: skip


FLOWS = [
    flow(1, NOON, "inflow", "100.5"),
    flow(
        2,
        NOON,
        "inflow",
        None,
        contract="0x" + "9" * 40,
        symbol=None,
        amount=None,
        amount_raw=str(2**256 - 1),
    ),
    flow(3, NOON, "outflow", "40.25"),
    flow(4, NEXT_DAY, "inter_exchange", "10"),
    flow(5, NEXT_DAY, "inflow", "0.000001", flow_type_strict=None),
]


def size_band(usd: Decimal | None) -> str | None:
    """The band of a transfer's value, by a plain chain of comparisons."""
    if usd is None:
        return None
    bands = ((10_000, "under_10k"), (1_000_000, "10k_to_1m"), (10_000_000, "1m_to_10m"))
    return next((name for limit, name in bands if usd < limit), "from_10m")


def daily(flows: list[dict[str, Any]]) -> pl.DataFrame:
    """The daily facts of flows, by a plain loop."""
    sums: dict[tuple[Any, ...], dict[str, Any]] = {}
    for level in LEVELS:
        for row in flows:
            flow_type = row["flow_type" if level == "base" else f"flow_type_{level}"]
            if flow_type is None:
                continue
            key = (
                row["block_time"].date(),
                row["contract"],
                row["from_exchange"],
                row["to_exchange"],
                flow_type,
                level,
                size_band(row["usd"]),
            )
            total = sums.setdefault(
                key,
                {
                    "date": key[0], "chain": row["chain"], "contract": key[1], "symbol": row["symbol"],
                    "from_exchange": key[2], "to_exchange": key[3], "flow_type": flow_type, "level": level,
                    "transfers": 0, "priced_transfers": 0, "amount": None, "usd": Decimal(0),
                    "size_band": key[6],
                },
            )  # fmt: skip
            total["transfers"] += 1
            total["priced_transfers"] += row["usd"] is not None
            total["usd"] += row["usd"] or 0
            if row["amount"] is not None:
                total["amount"] = (total["amount"] or 0) + row["amount"]
    return frame(DailyFacts, list(sums.values()))


def totals() -> pl.DataFrame:
    """Alpha counts in HK and beta half in SG by licence; by the other bases everything is ZZ."""
    rows = []
    for level in LEVELS:
        late = Decimal("0.000001") if level != "strict" else Decimal(0)
        for basis in BASES:
            for scope in SCOPES:
                between = Decimal(10) if scope == "exchange" else Decimal(0)
                here, rest, other = ("HK", "ZZ", "SG") if basis == "licence" else ("ZZ", None, None)
                spread = [
                    ("2024-H1", here, Decimal("100.5"), Decimal("40.25"), 1, 1, 1),
                    ("2024-H2", here, late, between, int(late > 0), 1, 0),
                ]
                if basis == "licence":
                    spread += [
                        ("2024-H2", rest, between / 2, Decimal(0), 1, 0, 0),
                        ("2024-H2", other, between / 2, Decimal(0), 1, 0, 0),
                    ]
                else:
                    spread[1] = ("2024-H2", here, late + between, between, 1 + int(late > 0), 1, 0)
                rows += [
                    {
                        "period": period, "jurisdiction": place, "basis": basis, "scope": scope,
                        "level": level,
                        "inflow_usd": inflow, "outflow_usd": outflow, "net_usd": inflow - outflow,
                        "inflow_transfers": received, "outflow_transfers": sent,
                        "unlisted_inflow_transfers": unlisted,
                        "priced_share": 1.0 if received else None, "inflow_ratio_on_year": None,
                        "coverage_share": 0.5, "chain_days": 184, "chain_days_covered": 12,
                        "days_covered": 12, "coverage": "part", "partial": True,
                        "year_before_partial": True, "previous_partial": True, "simulated": True,
                    }
                    for period, place, inflow, outflow, received, sent, unlisted in spread
                ]  # fmt: skip
    return frame(Totals, rows)


def wallets() -> pl.DataFrame:
    """One wallet since ever, one that changes hands, one contested."""
    middle = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
    rows = [
        ("0x" + "b" * 40, "alpha", "hot", BEGINNING, END, False),
        ("0x" + "c" * 40, "alpha", "deposit", BEGINNING, middle, False),
        ("0x" + "c" * 40, "beta", "cold", middle, END, False),
        ("0x" + "d" * 40, None, None, BEGINNING, END, True),
    ]
    return frame(
        Wallets,
        [
            {
                "chain": "ethereum", "address": address, "address_key": 1,
                "valid_from": start, "valid_to": end,
                "exchange_all": exchange, "role_all": role, "confidence_all": 50 if exchange else None,
                "known_at": middle, "sources": "reserves", "contested": contested,
            }
            for address, exchange, role, start, end, contested in rows
        ],
    )  # fmt: skip


def warehouse_inputs(folder: Path, **changes: Any) -> WarehouseInputs:
    """Inputs whose facts lie in a folder, one Parquet file a day."""
    flows = changes.pop("flow_rows", FLOWS)
    flow_frame, daily_frame = frame(Flows, flows), changes.pop("daily_frame", None)
    daily_frame = daily(flows) if daily_frame is None else daily_frame
    paths: dict[str, list[Path]] = {"flows": [], "daily": []}
    for day in flow_frame["block_time"].dt.date().unique().sort():
        for name, rows in (
            ("flows", flow_frame.filter(pl.col("block_time").dt.date() == day)),
            ("daily", daily_frame.filter(pl.col("date") == day)),
        ):
            path = folder / name / "chain=ethereum" / f"date={day}" / "part.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            rows.write_parquet(path)
            paths[name].append(path)
    asset = {
        "chain": "ethereum",
        "contract": USDT,
        "symbol": "USDT",
        "decimals": 6,
        "kind": "stablecoin",
        "trusted": True,
    }
    place = {
        "exchange": "alpha",
        "jurisdiction": "HK",
        "basis": "licence",
        "weight": Decimal(1),
        "source": "SFC",
    }
    half = place | {"exchange": "beta", "jurisdiction": "SG", "weight": Decimal("0.5"), "source": "MAS"}
    finding = {
        "finding": "worth_a_billion",
        "chain": "ethereum",
        "contract": "",
        "detail": "0x1",
        "transfers": 1,
    }
    read = {
        "chain": "ethereum",
        "date": dt.date(2024, 6, 30),
        "dataset": "transfers",
        "rows": 3,
        "quarantined": 0,
    }
    figure = {
        "figure": "hk-2024h1",
        "period": "2024-H1",
        "jurisdiction": "HK",
        "other": "",
        "measure": "received",
        "counted": "centralised_exchanges",
        "licence": "",
        "basis": "traffic",
        "published_usd": Decimal(26_600_000_000),
        "bound": "rounded",
        "caveats": "",
        "source": "AFP",
    }
    licence = {
        "exchange": "alpha",
        "entity": "Alpha (HK) Limited",
        "jurisdiction": "HK",
        "regulator": "SFC",
        "licence": "vatp",
        "status": "granted",
        "valid_from": dt.date(2024, 6, 1),
        "dating": "on",
        "certainty": "register",
        "policy": "own_wallets",
        "note": "",
        "source": "register",
    }
    inputs = {
        "totals": totals(),
        "wallets": wallets(),
        "assets": frame(Assets, [asset]),
        "jurisdictions": frame(Jurisdictions, [place, half]),
        "findings": frame(Findings, [finding]),
        "coverage": frame(Coverage, [read]),
        "licences": frame(Licences, [licence]),
        "references": frame(References, [figure]),
    }
    return WarehouseInputs(**paths, **(inputs | changes))


def vintage(name: str = "2024-07-02t00-00-00z", **changes: Any) -> Vintage:
    """A vintage; its name is its time of publication."""
    published_at = dt.datetime.strptime(name, "%Y-%m-%dt%H-%M-%Sz").replace(tzinfo=dt.UTC)
    fields = {
        "name": name, "published_at": published_at, "as_of": None, "simulated": True, "code_version": "0.1.0",
        "rules_version": "1", "inputs": {"labels": "1f", "raw": "2e"},
    }  # fmt: skip
    return Vintage(**(fields | changes))
