"""The door: HTTP only. It reads requests, asks the archive, and words the answers."""
