"""Who owns an address: lists of others, read in their own forms, checked, and appended to the registry.

`sources` declares each list with its reader; a reader yields `claims.Claim`s, and `judging` settles them:
whose name it is (`exchanges`, `owners`), what the wallet is for (`roles`), whether the address can be one
(`addresses`). `importing` stores the rest; what failed lies in registry/quarantine with its reason
(`quarantine`).
"""
