"""The published DuckDB file: how it is made, read, and given away.

sqlfiles finds the relations of sql/, building fills them, publish puts a checked file in place, vintages
lists the publications, query reads in a sandbox, totals answers the question, export makes Parquet and CSV.
"""
