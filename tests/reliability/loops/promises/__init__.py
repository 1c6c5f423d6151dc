"""What stands behind docs/reliability.md: loops that kill, fail, fill and race; their scales, figures and page."""
