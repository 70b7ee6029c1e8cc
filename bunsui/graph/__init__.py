"""From edges to an order: what runs in parallel, and what after what."""
