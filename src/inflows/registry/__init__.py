"""The registries: labels, prices, assets, jurisdictions; append-only, and read as of any time.

`imports` stores files of the project's own formats, `store` appends rows that came from elsewhere, and
`effective` reads what was known at a time. On disk: registry/<table>/<NNNNNN>.parquet, one immutable file
for each import that brought something new, with the columns of contracts.registry.
"""
