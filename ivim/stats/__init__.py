"""Statistics of a reader study: frames in, tidy frames out; no file is read or written and nothing is plotted."""
