"""`python -m memberctl` and the `memberctl` command."""

import gc
import sys

# Starting makes a few hundred thousand objects that all stay: looking through them for garbage
# again and again takes a tenth of a short command's time.
STARTING_OBJECTS = 200_000


def run() -> None:
    """Run the command line and end the process with its exit code."""
    gc.set_threshold(STARTING_OBJECTS, 10, 10)
    try:
        from memberctl.cli.main import run_process

        code = run_process()
    except KeyboardInterrupt:  # A Ctrl-C before anything began needs no traceback.
        code = 130
    # What is left goes with the process: taking its cycles apart one by one took a fifth of a short
    # command's time. Whatever must be closed was closed on the way here.
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    run()
