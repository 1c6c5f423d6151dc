"""Many rows at once: read, matched, asked about and written a chunk at a time. The doors are `crm.import_…`."""
