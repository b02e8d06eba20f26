"""A seeded defect for each relation, and its clean twin."""
