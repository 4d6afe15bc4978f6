"""Statistics of a reader study: tidy frames in and out, no file and no plot."""
