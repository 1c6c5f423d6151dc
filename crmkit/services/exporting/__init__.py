"""What an export hands out: rows that an import takes."""
