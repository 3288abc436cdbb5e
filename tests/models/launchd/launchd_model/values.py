"""Names of signals and exit codes on macOS."""

import signal

# The name on Linux, and the description and number on macOS.
_SIGNALS = {
    "SIGHUP": ("Hangup", 1),
    "SIGINT": ("Interrupt", 2),
    "SIGQUIT": ("Quit", 3),
    "SIGILL": ("Illegal instruction", 4),
    "SIGTRAP": ("Trace/BPT trap", 5),
    "SIGABRT": ("Abort trap", 6),
    "SIGFPE": ("Floating point exception", 8),
    "SIGKILL": ("Killed", 9),
    "SIGBUS": ("Bus error", 10),
    "SIGSEGV": ("Segmentation fault", 11),
    "SIGSYS": ("Bad system call", 12),
    "SIGPIPE": ("Broken pipe", 13),
    "SIGALRM": ("Alarm clock", 14),
    "SIGTERM": ("Terminated", 15),
    "SIGUSR1": ("User defined signal 1", 30),
    "SIGUSR2": ("User defined signal 2", 31),
}

# sysexits.h
_EXITS = {
    64: "EX_USAGE",
    65: "EX_DATAERR",
    66: "EX_NOINPUT",
    67: "EX_NOUSER",
    68: "EX_NOHOST",
    69: "EX_UNAVAILABLE",
    70: "EX_SOFTWARE",
    71: "EX_OSERR",
    72: "EX_OSFILE",
    73: "EX_CANTCREAT",
    74: "EX_IOERR",
    75: "EX_TEMPFAIL",
    76: "EX_PROTOCOL",
    77: "EX_NOPERM",
    78: "EX_CONFIG",
}


def exit_text(code):
    return f"{code}: {_EXITS[code]}" if code in _EXITS else str(code)


def signal_number(linux):
    """Returns the number on macOS of a signal of Linux."""
    return _SIGNALS.get(signal.Signals(linux).name, ("", linux))[1]


def signal_text(linux):
    name = signal.Signals(linux).name
    text, number = _SIGNALS.get(name, (name, linux))
    return f"{text}: {number}"


def signal_named(word):
    """Parses a signal of `launchctl kill`: `SIGTERM`, `term`, `-15` or `15`, with the
    numbers of macOS."""
    word = word.removeprefix("-").upper()
    if word.isdigit():
        for name, (_, number) in _SIGNALS.items():
            if number == int(word):
                return signal.Signals[name]
        return None
    name = word if word.startswith("SIG") else f"SIG{word}"
    return signal.Signals[name] if name in _SIGNALS else None
