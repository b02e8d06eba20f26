"""What did not validate: listed, shown, given out, sent on its way again, removed."""
