"""The second wall: PostgreSQL's row-level security, behind the predicate that crmkit puts into its own statements."""
