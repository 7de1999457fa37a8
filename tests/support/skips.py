"""The tests that may be skipped, each with the reason. Any other skip fails the run."""

# "path/to/test_file.py::TestClass::test_name" (or a beginning of it): "why it may be skipped"
ALLOWED: dict[str, str] = {}
