"""Full-catalogue ranking, and metrics computed from places."""
