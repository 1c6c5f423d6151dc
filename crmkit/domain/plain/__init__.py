"""Values to plain JSON types, back, and what such JSON looks like: for web frameworks, web hooks, exports."""
