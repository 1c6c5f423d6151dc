"""What the database keeps beside the records, so that a question need not read them all; always made from them."""
