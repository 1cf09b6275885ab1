"""Where datasets come from: one module per source (the generated shop has four)."""
