"""`ivim measure`."""
def add(commands):
    pass
