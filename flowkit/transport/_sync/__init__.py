# Written by `make regen` from flowkit/transport/_async/__init__.py: edit that file.
"""The drivers that do input and output; `_sync` is written from them by `make regen`."""
