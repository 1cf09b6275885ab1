"""What the numbers say: tables. Imports no torch."""
