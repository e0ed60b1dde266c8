"""Exports of ethereum-etl and bitcoin-etl, and the same tables from BigQuery's public data sets."""
