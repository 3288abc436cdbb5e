"""The state directory of the model, and the address of its socket."""

import os
import sys

VARIABLE = "KT_MODEL_LAUNCHD"
LABEL = "modelled, not macOS"


class StateDirectory:
    """The state directory that KT_MODEL_LAUNCHD names."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        os.makedirs(self.path, mode=0o700, exist_ok=True)
        self.handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    @classmethod
    def from_environment(cls):
        path = os.environ.get(VARIABLE)
        if not path:
            sys.stderr.write(f"launchd model: {VARIABLE} is not set ({LABEL})\n")
            sys.exit(64)
        return cls(path)

    def file(self, name):
        return os.path.join(self.path, name)

    def address(self):
        # The path of a socket is limited to about 100 bytes, and test directories may
        # be longer.
        return f"/proc/self/fd/{self.handle}/socket"

    def exists(self):
        """Returns whether the directory still exists."""
        try:
            current, opened = os.stat(self.path), os.fstat(self.handle)
        except OSError:
            return False
        return (current.st_dev, current.st_ino) == (opened.st_dev, opened.st_ino)
