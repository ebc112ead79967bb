"""Who may see what: signed links to archives, and integration keys."""
