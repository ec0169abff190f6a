"""Runs a program; prints its wall time, CPU time and peak memory, and its own output, as JSON."""
import json
import os
import subprocess
import sys
import time

start = time.monotonic()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
output = child.stdout.read().decode()
_, status, usage = os.wait4(child.pid, 0)
print(json.dumps({
    "wallMs": (time.monotonic() - start) * 1000,
    "cpuMs": (usage.ru_utime + usage.ru_stime) * 1000,
    "peakMb": usage.ru_maxrss / 1024,
    "status": status,
    "output": output.strip(),
}))
