"""The Django application of the shared tables; Django wants a package with `models` in it."""
