"""Speed, measured: each module with a `measure()` gives rows to the table of `python -m tests.bench`."""
