"""From a source of video to segments in an archive."""
