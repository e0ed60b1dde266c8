"""Why a row is not in the store: the reasons that the store itself gives, and those that are no loss."""

from typing import Final

CONFLICTING_CONTENTS: Final = "conflicting_contents"
INPUTS_MISSING: Final = "inputs_missing"
SPENDS_TOO_MUCH: Final = "spends_more_than_it_has"

STATUS_UNKNOWN: Final = "status_unknown"
"""Of native transfers whose source does not tell whether the transaction succeeded."""

MERGE_REASONS: Final = (CONFLICTING_CONTENTS, INPUTS_MISSING, SPENDS_TOO_MUCH)
"""Reasons that depend on what else was delivered: such rows are judged again at every delivery."""

NATIVE_SAID_TWICE: Final = "native_said_twice"
"""Of token transfers of the pseudo address of EIP-7708: the native transfer is the one that counts."""

SET_ASIDE: Final = (
    "failed", NATIVE_SAID_TWICE, "nft", "no_transaction", "no_transfer", "not_labelled", "zero_value",
)  # fmt: skip
"""Reasons of rows that are understood and move no coins of ours: counted, and kept nowhere."""

UNKNOWN: Final = "unknown"
"""The chain or day of a quarantined row that does not tell."""
