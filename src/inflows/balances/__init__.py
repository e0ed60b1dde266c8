"""Balances held against flows: what came in less what went out is the change of what wallets hold.

`windows` chooses the wallets and the instants, `accounts` and `utxo` add up what moved between them,
`reasons` says what may explain a remainder; `check` puts them together over the stores, `fetch` asks a node.
"""
