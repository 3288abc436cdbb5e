"""Starts the real process of a job, with nothing but what its list gives it."""

import ctypes
import os
import pwd
import resource
import signal
import sys

# What a job gets that sets no PATH: launchd's own, and no shell's.
MINIMAL_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"
# The end of a job that could not even be started.
EX_CONFIG = 78
PR_SET_PDEATHSIG = 1

_LIMITS = {
    "Core": resource.RLIMIT_CORE,
    "CPU": resource.RLIMIT_CPU,
    "Data": resource.RLIMIT_DATA,
    "FileSize": resource.RLIMIT_FSIZE,
    "MemoryLock": resource.RLIMIT_MEMLOCK,
    "NumberOfFiles": resource.RLIMIT_NOFILE,
    "NumberOfProcesses": resource.RLIMIT_NPROC,
    "ResidentSetSize": resource.RLIMIT_RSS,
    "Stack": resource.RLIMIT_STACK,
}
_prctl = ctypes.CDLL(None, use_errno=True).prctl


def environment(definition, home):
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())
    variables = {
        "HOME": home,
        "LOGNAME": user,
        "PATH": MINIMAL_PATH,
        "SHELL": "/bin/sh",
        "TMPDIR": "/tmp/",
        "USER": user,
        "XPC_FLAGS": "0x0",
        "XPC_SERVICE_NAME": definition.label,
    }
    variables.update(definition.environment)
    return variables


def spawn(definition, home):
    """The new process's id. What keeps it from starting is its exit code 78,
    with the reason in the model's log, as launchd's own trampoline does it."""
    variables = environment(definition, home)
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    try:
        _become(definition, variables)
    except BaseException as error:
        os.write(2, f"{definition.label}: cannot be started: {error}\n".encode())
    os._exit(EX_CONFIG)


def _become(definition, variables):
    # A supervisor that is killed leaves nothing behind.
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        try:
            signal.signal(number, signal.SIG_DFL)
        except OSError:
            pass  # The C library keeps a few for itself.
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.umask(0o022)
    streams = [
        _stream(definition.stdin, os.O_RDONLY),
        _stream(definition.stdout, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        _stream(definition.stderr, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
    ]
    os.chdir(definition.working_directory or "/")
    _limit(definition.hard_limits, hard=True)
    _limit(definition.soft_limits, hard=False)
    if definition.umask is not None:
        os.umask(definition.umask)
    program = _program(definition)
    # Everything that can fail comes first: until here its errors go to the log.
    if not os.access(program, os.X_OK) or os.path.isdir(program):
        raise OSError(f"{program} cannot be run")
    log = os.dup(2)
    os.set_inheritable(log, False)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, log)
    os.closerange(log + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    try:
        os.execve(program, definition.arguments, variables)
    except OSError as error:
        os.write(log, f"{definition.label}: {program}: {error.strerror}\n".encode())
        os._exit(EX_CONFIG)


def _stream(path, flags):
    if not path:
        return os.open("/dev/null", os.O_RDWR)
    if flags & os.O_CREAT:
        # launchd makes the directory of a log where it may.
        os.makedirs(os.path.dirname(path), exist_ok=True)
    return os.open(path, flags, 0o666)


def _limit(wanted, hard):
    for name, value in wanted.items():
        kind = _LIMITS.get(name)
        if kind is None:
            raise OSError(f"there is no resource limit {name}")
        soft, most = resource.getrlimit(kind)
        if most != resource.RLIM_INFINITY:
            value = min(value, most)
        resource.setrlimit(kind, (min(soft, value), value) if hard else (value, most))


def _program(definition):
    program = definition.program or definition.arguments[0]
    if "/" in program:
        return program
    for folder in MINIMAL_PATH.split(":"):
        candidate = os.path.join(folder, program)
        if os.access(candidate, os.X_OK):
            return candidate
    raise OSError(f"{program} is not in {MINIMAL_PATH}")
