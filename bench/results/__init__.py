"""Run folders, suite indexes, and the questions asked of them. Imports no torch."""
