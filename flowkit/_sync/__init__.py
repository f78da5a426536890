# Written by `make regen` from flowkit/_async/__init__.py: edit that file.
"""The facade's source; `flowkit/_sync` is written from it by `make regen`."""
