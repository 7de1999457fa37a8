"""What the tests share: the plumbing of pytest, and databases that may be committed to."""
