"""Answers from the journal: who changed what, who read what, and what got out."""
