"""The entry point `python -m grader.exports.gradescope_package`, for Gradescope's `run_autograder` and `setup.sh`."""

import sys

from grader.exports.gradescope_package.run import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
