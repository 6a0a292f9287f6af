"""`python -m grader.autograder`, for Gradescope's `run_autograder` and `setup.sh`."""

import sys

from grader.autograder.run import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
