import sys

from ivim.cli import main

sys.exit(main())
