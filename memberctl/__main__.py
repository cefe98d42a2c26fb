"""`python -m memberctl` and the `memberctl` command."""

import sys


def run() -> None:
    """Run the command line and end the process with its exit code."""
    from memberctl.cli.main import run_process

    sys.exit(run_process())


if __name__ == "__main__":
    run()
