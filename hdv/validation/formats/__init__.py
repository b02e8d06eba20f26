"""The formats of a report: text, JSON, CSV and SARIF."""
