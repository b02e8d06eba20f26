"""`hdv doctor`: looks at a running installation, and says what is wrong and what to do."""
