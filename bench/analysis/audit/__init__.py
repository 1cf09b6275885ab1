"""A paper's published numbers, held against each other and against its text. No results are read."""
