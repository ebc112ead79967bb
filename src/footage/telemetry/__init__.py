"""What can be watched: every metric, declared once, and the form of the logs."""
