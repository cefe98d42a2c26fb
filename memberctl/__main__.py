"""`python -m memberctl` and the `memberctl` command."""

import sys


def run() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        from memberctl.cli.main import run_process

        code = run_process()
    except KeyboardInterrupt:  # A Ctrl-C before anything began needs no traceback.
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    run()
