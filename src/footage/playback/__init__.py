"""From a wanted span of time to something to watch."""
