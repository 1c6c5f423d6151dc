"""What each database does in its own way; everything else of this storage is the same for all."""
