"""Tables as text: for a terminal, Markdown, LaTeX, HTML; rows as CSV and JSON."""
