"""What stands behind ./setup/run, ./setup/test and ./setup/lint (standard library only)."""
