"""The relations, a file for each chapter of PS3.3."""
