"""Speed programs; each is one command, see benchmarks/README.md."""
