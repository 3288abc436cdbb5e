"""The output of `print`, `print-disabled` and `list`, in the formats of
`../transcripts`."""

from . import values
from .state_directory import LABEL
from .spawn import MINIMAL_PATH

# The audit session; every login has its own.
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
    """The line of a signal replaces that of the exit code."""
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
    lines = [f"{names[key]} => {int(definition)}" for key, definition in keep.items()]
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
    """Returns the output of `launchctl print gui/UID/LABEL`."""
    definition = job.definition
    running = job.pid is not None
    program = definition.program or definition.arguments[0]
    lines = [
        f"gui/{uid}/{job.label} = {{",
        f"\tactive count = {int(running)}",
        f"\tpath = {definition.path}",
        "\ttype = LaunchAgent",
        f"\tstate = {job.state}",
        "",
        f"\tprogram = {program}",
        *_block("arguments", definition.arguments),
    ]
    if definition.working_directory:
        lines += [f"\tworking directory = {definition.working_directory}", ""]
    streams = [("stdin", definition.stdin), ("stdout", definition.stdout), ("stderr", definition.stderr)]
    lines += [f"\t{name} path = {path}" for name, path in streams if path]
    lines += _block("default environment", [f"PATH => {MINIMAL_PATH}"])
    lines += _block("environment", _words(job))
    lines.append(f"\tdomain = gui/{uid} [{SESSION}]")
    if definition.umask is not None:
        lines.append(f"\tumask = {definition.umask:o}")
    lines += [
        f"\tasid = {SESSION}",
        f"\tminimum runtime = {definition.throttle}",
        f"\texit timeout = {definition.exit_timeout}",
        f"\truns = {job.runs}",
        *_process(job),
        _end(job),
        "",
        *_semaphores(job),
        # It repeats names of the outer level, which parsers must not confuse.
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
        f"\tspawn type = {_SPAWN_TYPES[definition.process_type]}",
        f"\tjob state = {_job_state(job)}",
        "",
        f"\tproperties = {_properties(job)}",
        "}",
    ]
    return "\n".join(lines) + "\n"


def domain(launchd):
    """Returns the output of `launchctl print gui/UID`."""
    running = sum(job.pid is not None for job in launchd.jobs.values())
    rows = [
        f"{job.pid or 0:8} {'-' if job.last is None else _status(job):>6} \t{label}"
        for label, job in launchd.jobs.items()
    ]
    lines = [
        f"gui/{launchd.uid} = {{",
        "\ttype = login",
        f"\thandle = {SESSION}",
        f"\tactive count = {len(rows)}",
        f"\tservice count = {len(rows)}",
        f"\tactive service count = {running}",
        "\tcreator = loginwindow[415]",
        "\tcreator euid = 0",
        "\tsession = Aqua",
        *_block("security context", [f"uid = {launchd.uid}", f"asid = {SESSION}"]),
        *_block("services", rows),
        f"\tproperties = {LABEL}",
        "}",
    ]
    return "\n".join(lines) + "\n"


def disabled(launchd):
    """Returns the output of `launchctl print-disabled gui/UID`: all labels that were ever
    enabled or disabled."""
    old = launchd.settings["old-disabled-format"]
    args = ("true", "false") if old else ("disabled", "enabled")
    edge = "" if old else "\t"
    lines = [] if old else [""]
    lines.append(f"{edge}disabled services = {{")
    for label, enabled in launchd.overrides.items():
        lines.append(f'{edge}\t"{label}" => {args[int(enabled)]}')
    lines += [f"{edge}}}", "", f"{edge}login item associations = {{", f"{edge}}}"]
    return "\n".join(lines) + "\n"


def _status(job):
    if job.last is None:
        return 0
    kind, number = job.last
    return -values.signal_number(number) if kind == "signal" else number


def table(launchd):
    """Returns the output of `launchctl list`."""
    rows = ["PID\tStatus\tLabel"]
    for label, job in launchd.jobs.items():
        rows.append(f"{'-' if job.pid is None else job.pid}\t{_status(job)}\t{label}")
    return "\n".join(rows) + "\n"


def entry(job):
    """Returns the output of `launchctl list LABEL`, with a raw wait status."""
    status = 0
    if job.last is not None:
        kind, number = job.last
        status = values.signal_number(number) if kind == "signal" else number << 8
    definition = job.definition
    lines = ["{", '\t"LimitLoadToSessionType" = "Aqua";', f'\t"Label" = "{job.label}";']
    for name, path in (("StandardOutPath", definition.stdout), ("StandardErrorPath", definition.stderr)):
        if path:
            lines.append(f'\t"{name}" = "{path}";')
    lines.append(f'\t"OnDemand" = {str(not definition.keep_alive).lower()};')
    lines.append(f'\t"LastExitStatus" = {status};')
    if job.pid is not None:
        lines.append(f'\t"PID" = {job.pid};')
    lines.append(f'\t"Program" = "{definition.program or definition.arguments[0]}";')
    lines.append('\t"ProgramArguments" = (')
    lines += [f'\t\t"{word}";' for word in definition.arguments]
    lines += ["\t);", "};"]
    return "\n".join(lines) + "\n"
