"""A node that says native transfers once more in logs (EIP-7708): they are counted, and stored once."""

from __future__ import annotations

from typing import Any

from evm.fake_chain import QUICK, FakeChain, stored
from network.playing import playing

from inflows.layout import Layout
from inflows.sources.evm import ingest_evm
from inflows.sources.evm_logs import TRANSFER_TOPIC

PSEUDO = "0x" + "f" * 39 + "e"


class SaysTwice(FakeChain):
    """Every native transfer emits a log too, of the pseudo address."""

    def logs(self, number: int) -> list[dict[str, Any]]:
        usual = super().logs(number)
        again = [
            {
                **usual[0],
                "address": PSEUDO,
                "topics": [TRANSFER_TOPIC, *("0x" + tx[side][2:].rjust(64, "0") for side in ("from", "to"))],
                "data": "0x" + tx["value"][2:].rjust(64, "0"),
                "transactionHash": tx["hash"],
                "logIndex": hex(100 + place),
            }
            for place, tx in enumerate(self.transactions(number))
            if tx["value"] != "0x0"
        ]
        return [*usual, *again]


def test_logs_of_native_transfers_are_set_aside_and_the_rest_is_as_ever(tmp_path):
    with playing(SaysTwice()) as stage:
        report = ingest_evm(
            Layout(tmp_path), chain="ethereum", rpc_urls=[stage.url], from_block=1, to_block=20, pace=QUICK
        )
    assert report.set_aside["native_said_twice"] == 20
    assert stored(Layout(tmp_path)) == FakeChain().truth(1, 20)
