"""`python -m inflows`, the same as the command `inflows`."""

from inflows.cli import main

if __name__ == "__main__":
    main()
