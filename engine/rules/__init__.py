"""The rules: each file holds those of one subject, each rule is one code of the report."""
