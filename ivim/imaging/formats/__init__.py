from collections import namedtuple
from ivim.imaging.roi import read_labels
Region=namedtuple('Region','name mask')
def read_regions(path, grid, resample=False):
    return [Region(str(n),m) for n,m in read_labels(path,grid).items()]
