"""What a reader sees: printed numbers, tables in five formats, figures, printed beside reproduced, and where it all came from."""
