"""The journal made tamper-evident: seals, and what follows from them."""
