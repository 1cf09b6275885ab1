"""The suite file: reading, checking, expansion into runs, fingerprints. Imports no torch."""
