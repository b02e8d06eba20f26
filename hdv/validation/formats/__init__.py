"""How a report is written: for people, for programs, for spreadsheets, for code scanning."""
