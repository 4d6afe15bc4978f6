"""One's own study: what lies where, who was measured, a page per patient, and the summary."""
