"""Runs made to happen: planning, one run, the test step, local workers."""
