"""Where the model keeps its state, and how its socket is reached."""

import os
import sys

VARIABLE = "KT_MODEL_LAUNCHD"
LABEL = "modelled, not macOS"


class Place:
    """The state directory that KT_MODEL_LAUNCHD names."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        os.makedirs(self.path, mode=0o700, exist_ok=True)
        self.handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    @classmethod
    def from_environment(cls):
        path = os.environ.get(VARIABLE)
        if not path:
            sys.stderr.write(f"launchd model: {VARIABLE} names no state directory ({LABEL})\n")
            sys.exit(64)
        return cls(path)

    def file(self, name):
        return os.path.join(self.path, name)

    def address(self):
        # A socket's path has room for about a hundred bytes, and a sandbox's
        # directory may be longer.
        return f"/proc/self/fd/{self.handle}/socket"

    def still_there(self):
        """Whether the directory is still the one that was opened."""
        try:
            now, then = os.stat(self.path), os.fstat(self.handle)
        except OSError:
            return False
        return (now.st_dev, now.st_ino) == (then.st_dev, then.st_ino)
