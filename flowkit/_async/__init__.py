"""The facade's source; `flowkit/_sync` is written from it by `make regen`."""
