"""What hooks take and return."""
