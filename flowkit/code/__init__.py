"""The caller's side of a snapshot: what belongs to a source tree, and how it travels."""
