"""Source trees as they were sent: what they consist of, their contents, and copies for tasks."""
