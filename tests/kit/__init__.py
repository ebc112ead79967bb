"""What the tests share: clips made on the spot, an archive to fill, a server as users run it."""
