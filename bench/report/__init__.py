"""A suite's results as one page of HTML."""
