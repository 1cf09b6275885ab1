"""Models, one a file; shared blocks in blocks.py."""
