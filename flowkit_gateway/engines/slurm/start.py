"""The first thing that a job runs: it finds a Python that is new enough, and then the rest.

Written so that older Pythons can read it, which nodes may have beside a newer one. Standard library
only.
"""

import os
import sys

_OLDEST = (3, 9)
_AGAIN = "again"


def main() -> int:
    """Run what the arguments say and return its exit code."""
    arguments = sys.argv[1:]
    if sys.version_info[:2] < _OLDEST:
        if arguments[0] == _AGAIN:
            return _complain()
        os.execvp("python3", ["python3", "-I", "-S", __file__, _AGAIN] + arguments)  # noqa: RUF005
    # This file lies in a copy of the package, whose root is four directories above it.
    sys.path.insert(0, os.path.abspath(os.path.join(__file__, *[os.pardir] * 4)))
    # A module that is imported is compiled once, and not by every job.
    from flowkit_gateway.engines.slurm import node

    return node.main([word for word in arguments if word != _AGAIN])


def _complain() -> int:
    found, wanted = (".".join(map(str, each)) for each in (sys.version_info[:2], _OLDEST))
    sys.stderr.write("nodes need Python %s, and python3 is %s\n" % (wanted, found))  # noqa: UP031
    return 1


if __name__ == "__main__":
    sys.exit(main())
