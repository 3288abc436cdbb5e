"""Tests of what is read by others: the launcher, the configuration and the log. All else
is tested by `kt plugin test`. Run `python3 -m unittest` in this directory."""

import configparser
import os
import pathlib
import shlex
import subprocess
import tempfile
import unittest

import service_supervisord as backend

SPECIAL = ["", "a b", "it's", "$HOME`reboot`\\", "*;&|#", "\t\nüß€", '"""']


def spec(**changes):
    return {
        "family": "kt-gateway",
        "name": "default",
        "description": "a gateway — of a test",
        "generator": "kt 1.0.0\nimport os",
        "exec": ["/bin/true"],
        "environment": [],
        "environment_file": None,
        "working_dir": None,
        "stderr_file": None,
        "park_exit_codes": [2, 78],
        "stop_timeout_s": 5,
        "open_files_limit": 64,
    } | changes


def files(service_spec, home):
    system = {"home": home, "config_home": f"{home}/.config", "user": "someone"}
    service = backend.Service.of_spec(service_spec, system)
    config, launcher = backend.artifacts(service_spec, system, service)
    return config, launcher


def install(service_spec, home):
    """Writes the launcher, and returns its path."""
    _, launcher = files(service_spec, home)
    path = pathlib.Path(launcher["path"])
    path.parent.mkdir(parents=True)
    path.write_text(launcher["content"], encoding="ascii")
    path.chmod(launcher["mode"])
    return path


def words_of(config, name="kt-gateway"):
    """Reads `command` as supervisord does."""
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"))
    parser.read_string(config["content"])
    return shlex.split(parser[f"program:{name}"]["command"] % {})


class LauncherTest(unittest.TestCase):
    def run_launcher(self, service_spec):
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        path = install(service_spec(home.name), home.name)
        environment = os.environ | {"LEAK": "1"}
        done = subprocess.run([path], env=environment, capture_output=True, check=False)
        return done, pathlib.Path(home.name)

    def test_arguments_and_variables_are_passed_unchanged(self):
        script = 'printf "%s\\0" "$@" "$X" "$NOTE" "$LAST" "${LEAK-none}"; umask; ulimit -Sn; pwd'

        def service_spec(home):
            file = pathlib.Path(home, "env")
            file.write_text("# comment\n NOTE=\"a $(touch ran) b\"\n1ST=no\nLAST=no newline")
            return spec(
                exec=["/bin/sh", "-c", script, "sh", *SPECIAL],
                environment=[("X", "".join(SPECIAL))],
                environment_file=str(file),
            )

        done, home = self.run_launcher(service_spec)
        expected = [*SPECIAL, "".join(SPECIAL), "a $(touch ran) b", "no newline", "none"]
        lines = f"0077\n64\n{home}\n"
        self.assertEqual(done.stdout.decode(), "\0".join(expected) + "\0" + lines, done.stderr)

    def test_the_output_is_appended_to_the_log_file(self):
        done, home = self.run_launcher(lambda home: spec(
            exec=["/bin/sh", "-c", "echo out; echo err >&2"], stderr_file=f"{home}/log/file"))
        self.assertEqual((done.stdout, done.stderr), (b"", b""))
        self.assertEqual(pathlib.Path(home, "log/file").read_text(), "out\nerr\n")

    def test_a_restart_after_a_short_run_is_delayed(self):
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        path = install(spec(), home.name)
        path.write_text(path.read_text().replace("time.sleep(DELAY)", "sys.exit(99)"))
        codes = [subprocess.run([path], check=False).returncode for _ in range(2)]
        self.assertEqual(codes, [0, 99])
        last_start = path.with_name("kt-gateway.last-start")
        os.utime(last_start, (0, 0))
        self.assertEqual(subprocess.run([path], check=False).returncode, 0)

    def test_a_program_that_cannot_be_executed_is_a_setup_failure(self):
        for changes, code in [
            ({"exec": ["/nowhere/kt"]}, 127),
            ({"exec": ["/etc"]}, 126),
            ({"working_dir": "/nowhere"}, 111),
        ]:
            done, _ = self.run_launcher(lambda _, changes=changes: spec(**changes))
            self.assertEqual(done.returncode, code, changes)
            self.assertIn(code, backend.SETUP_EXIT_CODES)


class ConfigurationTest(unittest.TestCase):
    def test_supervisord_reads_the_path_of_the_launcher(self):
        for home in ["/h", "/a b", "/it's", "/100%s", "/a ;b", "/a #b", '/"q"\\n']:
            config, launcher = files(spec(), home)
            self.assertEqual(words_of(config), [launcher["path"]])

    def test_a_changed_program_changes_the_configuration(self):
        one, two = (files(spec(exec=["/bin/true", word]), "/h")[0] for word in "ab")
        self.assertNotEqual(one["content"], two["content"])

    def test_what_cannot_be_expressed_is_refused(self):
        for changes, home in [
            ({}, "/a\nb"),
            ({}, "/%(here)s"),
            ({"exec": ["bin/kt"]}, "/h"),
            ({"exec": ["/kt", "a\0"]}, "/h"),
            ({"environment": [("A B", "")]}, "/h"),
        ]:
            with self.assertRaises(backend.Failure) as raised:
                files(spec(**changes), home)
            self.assertEqual(raised.exception.error["class"], "usage")

    def test_the_include_section_is_found(self):
        for text, expected in [
            ("[include]\nfiles = conf.d/*.conf\n", True),
            ("[a]\nb=c\n\n[include]\n; x\nfiles: a.conf\n  conf.d/*.conf\n", True),
            ("[include]\nfiles = other/*.conf\n", False),
            ("[include]\n[other]\nfiles = conf.d/*.conf\n", False),
            ("", False),
        ]:
            self.assertEqual(backend.includes_services(text), expected, text)


class LogTest(unittest.TestCase):
    LOG = """\
2026-11-30 08:00:00,001 INFO spawned: 'kt-gateway' with pid 7
2026-11-30 08:00:01,002 WARN exited: kt-gateway (terminated by SIGKILL; not expected)
2026-11-30 08:00:02,003 INFO exited: kt-gateway-edge (exit status 0; expected)
2026-11-30 08:00:03,004 INFO stopped: kt-gateway (exit status 0)
2026-11-30 08:00:04,005 WARN exited: kt-gateway (exit status 127; not expected)
2026-11-30 08:00:05,006 WARN exited: kt-gateway (exit status 1; not expected)
"""

    def observe(self, state, log):
        def exited(code, stdout):
            return {"exited": {"code": code, "stdout": stdout, "stderr": ""}}

        results = {
            "status": exited(0, f"kt-gateway    {state}\n"),
            "log": exited(0, log),
            "config": {"metadata": {"kind": "file", "uid": 0, "mode": 0o644}},
        }
        return backend.observe({
            "family": "kt-gateway",
            "name": "default",
            "system": {"home": "/h", "config_home": "/h/.config"},
            "results": [{"id": key, "outcome": value} for key, value in results.items()],
        })

    def test_exits_since_the_last_stop_are_restarts(self):
        status = self.observe("RUNNING   pid 12, uptime 0:00:05", self.LOG)
        self.assertEqual((status["active_state"], status["pid"]), ("active", 12))
        self.assertEqual((status["restarts"], status["last_exit"]["code"]), (2, 1))
        status = self.observe("EXITED    Nov 30 08:00 AM", self.LOG)
        self.assertEqual((status["active_state"], status["restarts"]), ("restarting", 1))

    def test_an_expected_exit_parks_the_service(self):
        log = self.LOG.replace("exit status 1; not expected", "exit status 3; expected")
        status = self.observe("EXITED    Nov 30 08:00 AM", log)
        self.assertEqual(status["active_state"], "failed")
        self.assertEqual(status["last_exit"], {"code": 3, "signal": None, "kind": "parked"})
        self.assertEqual(self.observe("EXITED    x", "")["active_state"], "unknown")


if __name__ == "__main__":
    unittest.main()
