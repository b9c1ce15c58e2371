"""Every process collects the same tests in the same order. Otherwise pytest-xdist stops."""

import os
import subprocess
import sys


def test_ids_do_not_depend_on_hashes_or_addresses(pytestconfig):
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-p", "no:cacheprovider"]
    processes = [
        subprocess.Popen(
            command,
            cwd=pytestconfig.rootpath,
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    printed = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], printed[0][-3000:]
    first, second = ([line for line in text.splitlines() if "::" in line] for text in printed)
    assert len(first) > 1000, "pytest does not print one id per line"
    assert first == second
