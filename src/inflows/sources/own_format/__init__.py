"""The project's own formats of transfers and UTXO entries: CSV and Parquet files, and their columns."""
