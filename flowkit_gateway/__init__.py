"""The server of flowkit's contract."""
