"""Which check binds which claims."""
