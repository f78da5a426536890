"""The drivers that do input and output; `_sync` is written from them by `make regen`."""
