"""The one place that knows httpx: authentication, retries, idempotency, streams, errors.

The pure parts are modules here; the drivers that do input and output are in `_async`, and
`_sync` is written from them by `make regen`.
"""
