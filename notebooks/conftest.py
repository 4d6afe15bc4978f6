"""nbval compares every text output of every notebook; results of these runs go to a folder that is
thrown away.
"""

import atexit
import os
import shutil
import tempfile

from ivim.run.execute import ONE_THREAD

_folder = tempfile.mkdtemp(prefix="ivim-nbval-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["IVIM_RESULTS"] = _folder
os.environ.update(ONE_THREAD)
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"


def pytest_collectstart(collector):
    """Progress bars are not results: standard error is not compared, nor are pictures (their
    plotted numbers are, as CSV).
    """
    if collector.fspath and collector.fspath.ext == ".ipynb":
        collector.skip_compare += ("stderr", "image/png", "image/svg+xml")
