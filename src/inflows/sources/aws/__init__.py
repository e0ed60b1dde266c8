"""The AWS public blockchain data: tables of Ethereum and of Bitcoin, in daily Parquet files."""
