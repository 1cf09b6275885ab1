"""Item features: encoders by modality and their on-disk store."""
