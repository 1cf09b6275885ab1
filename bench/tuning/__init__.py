"""Searches for settings, with the same budget for every model. No module here reaches test targets."""
