"""What the standard says between attributes: tables of relations, and the check that uses them."""
