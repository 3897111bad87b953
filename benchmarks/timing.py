"""Time of a call, and how much of the machine others took meanwhile."""

import os
import time
from pathlib import Path

#: Shorter calls are repeated until they take this long, seconds: the kernel counts processor time in steps of 10 ms.
SHORTEST = 0.2
#: Runs of each row that come first and do not count: memory may have been taken from a process that waited.
WARM_UP = 1
#: Share of the machine that others may take during a run that counts.
DISTURBANCE = 0.12


def undisturbed(runs):
    """Seconds of the runs (seconds, share of others) that nobody disturbed."""
    return [seconds for seconds, others in runs if others <= DISTURBANCE]


def busy():
    """Processor seconds that anybody has used since the machine started, those that a host took away included."""
    user, nice, system, _, _, interrupts, soft, steal = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9])
    return (user + nice + system + interrupts + soft + steal) / os.sysconf("SC_CLK_TCK")


def own():
    times = os.times()
    return times.user + times.system


def timed(function, *arguments):
    """Seconds of one call, and the share of the machine's processor time that went to other processes."""
    everybody, mine = busy(), own()
    began = time.perf_counter()
    function(*arguments)
    seconds = time.perf_counter() - began
    calls = 1
    while seconds < SHORTEST:
        more = max(1, min(1000, int((SHORTEST - seconds) / (seconds / calls)) + 1))
        for _ in range(more):
            function(*arguments)
        calls += more
        seconds = time.perf_counter() - began
    others = max(0.0, busy() - everybody - (own() - mine)) / (seconds * os.cpu_count())
    return seconds / calls, others
