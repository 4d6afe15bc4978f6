"""What pyproject.toml cannot say: a wheel carries the notebooks, the data and the lock."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
BUNDLED = ("data/**/*", "notebooks/*.ipynb", "requirements.lock")
"""Copied to ivim/bundle of the wheel, where ivim.files looks when there is no checkout."""
LEFT_OUT = {"fetched", ".ipynb_checkpoints"}


class BuildWithBundle(build_py):
    """Copy the project's folders into the package, so that `ivim reproduce` works from anywhere."""

    def run(self):
        """Build as usual, then copy; an editable installation has the checkout at hand."""
        super().run()
        if not self.editable_mode:
            bundle_into(Path(self.build_lib) / "ivim" / "bundle")


def bundle_into(target):
    """Copy what a wheel carries to a folder."""
    for source in (path for pattern in BUNDLED for path in sorted(ROOT.glob(pattern))):
        place = source.relative_to(ROOT)
        if source.is_file() and not LEFT_OUT & set(place.parts):
            (target / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / place)


setup(cmdclass={"build_py": BuildWithBundle})
