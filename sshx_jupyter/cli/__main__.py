"""`python -m sshx_jupyter.cli`, for where scripts are not on the path."""

import sys

from . import main

sys.exit(main())
