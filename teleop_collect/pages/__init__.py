"""Self-contained HTML pages: text, plots as inline SVG, small pictures. Knows nothing of robots."""
