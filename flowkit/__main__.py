"""`python -m flowkit` is the `flowkit` command."""

from __future__ import annotations

from flowkit.cli import main

if __name__ == "__main__":
    main()
