"""Starts the real process of a job, only with the settings of its property list."""

import ctypes
import os
import pwd
import resource
import signal
import sys

# The default PATH of jobs.
MINIMAL_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"
# The exit code of a job that cannot be started.
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
    """Returns the process id. A process that cannot be started exits with 78, as with
    launchd, and the reason is in the log of the model."""
    variables = environment(definition, home)
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    try:
        _exec(definition, variables)
    except BaseException as error:
        os.write(2, f"{definition.label}: cannot be started: {error}\n".encode())
    os._exit(EX_CONFIG)


def _exec(definition, variables):
    # If the supervisor is killed, so are its jobs.
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        try:
            signal.signal(number, signal.SIG_DFL)
        except OSError:
            pass  # Reserved by the C library.
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
    # Errors up to here are written to the log.
    if not os.access(program, os.X_OK) or os.path.isdir(program):
        raise OSError(f"{program} cannot be executed")
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
        # launchd creates the directory of a log.
        os.makedirs(os.path.dirname(path), exist_ok=True)
    return os.open(path, flags, 0o666)


def _limit(limits, hard):
    for name, value in limits.items():
        kind = _LIMITS.get(name)
        if kind is None:
            raise OSError(f"unknown resource limit {name}")
        soft, hard_limit = resource.getrlimit(kind)
        if hard_limit != resource.RLIM_INFINITY:
            value = min(value, hard_limit)
        resource.setrlimit(kind, (min(soft, value), value) if hard else (value, hard_limit))


def _program(definition):
    program = definition.program or definition.arguments[0]
    if "/" in program:
        return program
    for folder in MINIMAL_PATH.split(":"):
        candidate = os.path.join(folder, program)
        if os.access(candidate, os.X_OK):
            return candidate
    raise OSError(f"{program} is not in {MINIMAL_PATH}")
