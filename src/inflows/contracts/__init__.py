"""What every table looks like: columns, types, keys and value sets, declared once."""
