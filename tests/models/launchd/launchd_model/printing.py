"""What `print`, `print-disabled` and `list` show, in the shapes of
`../transcripts`."""

from . import values
from .place import LABEL
from .spawn import MINIMAL_PATH

# The audit session, of which every login has its own; any will do.
SESSION = 100020

_SPAWN_TYPES = {
    "Standard": "daemon (3)",
    "Interactive": "interactive (4)",
    "Background": "background (5)",
    "Adaptive": "adaptive (6)",
}


def _block(name, lines, arrow=" = "):
    return [f"\t{name}{arrow}{{", *(f"\t\t{line}" for line in lines), "\t}", ""]


def _words(job):
    definition = job.definition
    return [
        f"{name} => {value}" for name, value in definition.environment.items()
    ] + [f"XPC_SERVICE_NAME => {definition.label}"]


def _process(job):
    if job.pid is None:
        return []
    return [
        f"\tpid = {job.pid}",
        "\timmediate reason = speculative",
        "\tforks = 0",
        "\texecs = 1",
        "\tinitialized = 1",
        "\ttrampolined = 1",
        "\tstarted suspended = 0",
        "\tproxy started suspended = 0",
    ]


def _end(job):
    """A signal's line stands instead of that of the exit code, not beside it."""
    if job.last is None:
        return "\tlast exit code = (never exited)"
    kind, number = job.last
    if kind == "signal":
        return f"\tlast terminating signal = {values.signal_text(number)}"
    return f"\tlast exit code = {values.exit_text(number)}"


def _semaphores(job):
    keep = job.definition.keep_alive
    if not isinstance(keep, dict) or not keep:
        return []
    names = {"SuccessfulExit": "successful exit", "Crashed": "after crash"}
    lines = [f"{names[key]} => {int(wanted)}" for key, wanted in keep.items()]
    return _block("semaphores", lines)


def _job_state(job):
    if job.pid is not None:
        return "running"
    return "uninitialized" if job.last is None else "exited"


def _properties(job):
    found = []
    if job.definition.keep_alive is True:
        found.append("keepalive")
    if job.definition.run_at_load:
        found.append("runatload")
    if not job.definition.program:
        found.append("inferred program")
    return " | ".join([*found, LABEL])


def service(job, uid):
    """`launchctl print gui/UID/LABEL`."""
    wanted = job.definition
    running = job.pid is not None
    program = wanted.program or wanted.arguments[0]
    lines = [
        f"gui/{uid}/{job.label} = {{",
        f"\tactive count = {int(running)}",
        f"\tpath = {wanted.path}",
        "\ttype = LaunchAgent",
        f"\tstate = {job.state}",
        "",
        f"\tprogram = {program}",
        *_block("arguments", wanted.arguments),
    ]
    if wanted.working_directory:
        lines += [f"\tworking directory = {wanted.working_directory}", ""]
    streams = [("stdin", wanted.stdin), ("stdout", wanted.stdout), ("stderr", wanted.stderr)]
    lines += [f"\t{name} path = {path}" for name, path in streams if path]
    lines += _block("default environment", [f"PATH => {MINIMAL_PATH}"])
    lines += _block("environment", _words(job))
    lines.append(f"\tdomain = gui/{uid} [{SESSION}]")
    if wanted.umask is not None:
        lines.append(f"\tumask = {wanted.umask:o}")
    lines += [
        f"\tasid = {SESSION}",
        f"\tminimum runtime = {wanted.throttle}",
        f"\texit timeout = {wanted.exit_timeout}",
        f"\truns = {job.runs}",
        *_process(job),
        _end(job),
        "",
        *_semaphores(job),
        # It repeats names of the outer level, and those who read must not mind.
        *_block(
            "resource coalition",
            [
                "ID = 1262",
                "type = resource",
                f"state = {'active' if running else 'inactive'}",
                f"active count = {int(running)}",
                f"name = {job.label}",
            ],
        ),
        f"\tspawn type = {_SPAWN_TYPES[wanted.process_type]}",
        f"\tjob state = {_job_state(job)}",
        "",
        f"\tproperties = {_properties(job)}",
        "}",
    ]
    return "\n".join(lines) + "\n"


def domain(world):
    """`launchctl print gui/UID`."""
    running = sum(job.pid is not None for job in world.jobs.values())
    rows = [
        f"{job.pid or 0:8} {'-' if job.last is None else _status(job):>6} \t{label}"
        for label, job in world.jobs.items()
    ]
    lines = [
        f"gui/{world.uid} = {{",
        "\ttype = login",
        f"\thandle = {SESSION}",
        f"\tactive count = {len(rows)}",
        f"\tservice count = {len(rows)}",
        f"\tactive service count = {running}",
        "\tcreator = loginwindow[415]",
        "\tcreator euid = 0",
        "\tsession = Aqua",
        *_block("security context", [f"uid = {world.uid}", f"asid = {SESSION}"]),
        *_block("services", rows),
        f"\tproperties = {LABEL}",
        "}",
    ]
    return "\n".join(lines) + "\n"


def disabled(world):
    """`launchctl print-disabled gui/UID`: every label that was ever enabled or
    disabled, and no other."""
    old = world.settings["old-disabled-words"]
    words = ("true", "false") if old else ("disabled", "enabled")
    edge = "" if old else "\t"
    lines = [] if old else [""]
    lines.append(f"{edge}disabled services = {{")
    for label, enabled in world.overrides.items():
        lines.append(f'{edge}\t"{label}" => {words[int(enabled)]}')
    lines += [f"{edge}}}", "", f"{edge}login item associations = {{", f"{edge}}}"]
    return "\n".join(lines) + "\n"


def _status(job):
    if job.last is None:
        return 0
    kind, number = job.last
    return -values.signal_number(number) if kind == "signal" else number


def table(world):
    """`launchctl list`."""
    rows = ["PID\tStatus\tLabel"]
    for label, job in world.jobs.items():
        rows.append(f"{'-' if job.pid is None else job.pid}\t{_status(job)}\t{label}")
    return "\n".join(rows) + "\n"


def entry(job):
    """`launchctl list LABEL`; the end is a raw wait status here."""
    status = 0
    if job.last is not None:
        kind, number = job.last
        status = values.signal_number(number) if kind == "signal" else number << 8
    wanted = job.definition
    lines = ["{", '\t"LimitLoadToSessionType" = "Aqua";', f'\t"Label" = "{job.label}";']
    for name, path in (("StandardOutPath", wanted.stdout), ("StandardErrorPath", wanted.stderr)):
        if path:
            lines.append(f'\t"{name}" = "{path}";')
    lines.append(f'\t"OnDemand" = {str(not wanted.keep_alive).lower()};')
    lines.append(f'\t"LastExitStatus" = {status};')
    if job.pid is not None:
        lines.append(f'\t"PID" = {job.pid};')
    lines.append(f'\t"Program" = "{wanted.program or wanted.arguments[0]}";')
    lines.append('\t"ProgramArguments" = (')
    lines += [f'\t\t"{word}";' for word in wanted.arguments]
    lines += ["\t);", "};"]
    return "\n".join(lines) + "\n"
