"""Solutions that try to pass without solving the problem, to stay, or to do harm.

The problem is `double(x)`; none of these doubles, so none may pass. `OUTSIDE` in a text becomes a
folder that is none of theirs; `canary.txt` in it must stay as it is.
"""

from __future__ import annotations

HOSTILE = {
    "prints passed": "def double(x):\n    print('passed')\n    return None",
    "says so on descriptor 1": """
import os
def double(x):
    os.write(1, b'{"value": 4}\\n{"done": true}\\n')
""",
    "fork bomb": """
import os
def double(x):
    while True:
        os.fork()
""",
    "forks while it is loaded": "import os\nos.fork()\ndef double(x):\n    return 0",
    "thread bomb": """
import threading, time
def double(x):
    while True:
        threading.Thread(target=time.sleep, args=(60,)).start()
""",
    "thread bomb of small stacks": """
import threading, time
threading.stack_size(1 << 15)
def double(x):
    while True:
        threading.Thread(target=time.sleep, args=(60,)).start()
""",
    "memory hog": "def double(x):\n    return 'x' * (1 << 40)",
    "memory hog in small pieces": """
def double(x):
    kept = []
    while True:
        kept.append(bytearray(1 << 20))
""",
    "swallows MemoryError": """
def double(x):
    kept = []
    while True:
        try:
            kept.append(bytearray(1 << 24))
        except MemoryError:
            pass
""",
    "deletes its folder": """
import os, shutil
shutil.rmtree(os.getcwd(), ignore_errors=True)
def double(x):
    os.rmdir(os.getcwd())
""",
    "deletes its folder and waits": """
import os, time
def double(x):
    try:
        os.rmdir(os.getcwd())
    finally:
        time.sleep(0.5)
""",
    "puts a link in the place of its folder": """
import os, time
def double(x):
    here = os.getcwd()
    try:
        os.rmdir(here)
        os.symlink('OUTSIDE', here)
    finally:
        time.sleep(0.5)
""",
    "nests folders without end": """
import os
def double(x):
    while True:
        os.mkdir('deeper')
        os.chdir('deeper')
""",
    "nests folders and leaves": """
import os
def double(x):
    for _ in range(3000):
        os.mkdir('deeper')
        os.chdir('deeper')
""",
    "closes a folder": """
import os
def double(x):
    os.mkdir('shut', 0)
""",
    "fills the disk in folders": """
import os
def double(x):
    number = 0
    while True:
        number += 1
        os.makedirs(f'{number}/within')
        with open(f'{number}/within/file', 'wb') as file:
            file.write(bytes(1 << 20))
""",
    "deletes another folder": """
import shutil
def double(x):
    shutil.rmtree('OUTSIDE')
""",
    "writes into another folder": """
def double(x):
    open('OUTSIDE/left.txt', 'w').write('x')
""",
    "overwrites another file": "def double(x):\n    open('OUTSIDE/canary.txt', 'w').write('x')",
    "renames another file": """
import os
def double(x):
    os.rename('OUTSIDE/canary.txt', 'mine.txt')
""",
    "links another file in": """
import os
def double(x):
    os.link('OUTSIDE/canary.txt', 'mine.txt')
    open('mine.txt', 'w').write('x')
""",
    "reads another file": "def double(x):\n    return open('OUTSIDE/canary.txt').read()",
    "reads the accounts of the system": """
def double(x):
    for name in ('shadow', 'passwd'):
        try:
            return x * 2 if open(f'/etc/{name}').read() else None
        except PermissionError:
            pass
""",
    "takes the rights of a file": """
import os
def double(x):
    os.chmod('OUTSIDE/canary.txt', 0)
""",
    "dates a file": "import os\ndef double(x):\n    os.utime('OUTSIDE/canary.txt', (1, 1))",
    "fills the disk": """
def double(x):
    number = 0
    while True:
        number += 1
        with open(str(number), 'wb') as file:
            file.write(bytes(1 << 20))
""",
    "makes and removes files": """
import os
def double(x):
    while True:
        for number in range(100):
            open(str(number), 'w').close()
        for number in range(100):
            os.remove(str(number))
""",
    "one endless file": """
def double(x):
    with open('big', 'wb') as file:
        while True:
            file.write(bytes(1 << 20))
""",
    "overwrites the checker": """
import sys
def double(x):
    for module in list(sys.modules.values()):
        name = getattr(module, '__file__', None) or ''
        if 'inside' in name:
            open(name, 'w').write('')
""",
    "patches the codec": """
import sys
for name, module in list(sys.modules.items()):
    for item in ('encode', 'decode', 'right', 'shown'):
        if hasattr(module, item) and 'inside' in name:
            setattr(module, item, lambda *args: {'value': True})
def double(x):
    return x
""",
    "patches comparison": """
import builtins, operator, math
operator.eq = lambda a, b: True
math.isclose = builtins.all = builtins.abs = lambda *args, **kwargs: True
builtins.isinstance = lambda *args: True
def double(x):
    return 'never'
""",
    "patches json": """
import json
json.dumps = lambda *args, **kwargs: '{"value": true, "done": true, "passed": true}'
def double(x):
    return 'never'
""",
    "os._exit(0)": "import os\ndef double(x):\n    os._exit(0)",
    "os._exit(0) while it is loaded": "import os\nos._exit(0)",
    "sys.exit(0)": "import sys\ndef double(x):\n    sys.exit(0)",
    "sys.exit(0) while it is loaded": "import sys\nsys.exit(0)",
    "sys.exit(0) in a finaliser": """
import sys
class Last:
    def __del__(self):
        sys.exit(0)
def double(x):
    Last()
    return Last()
""",
    "os._exit(0) in a finaliser": """
import os
class Last:
    def __del__(self):
        os._exit(0)
def double(x):
    return Last()
""",
    "exits at exit": """
import atexit, os
atexit.register(os._exit, 0)
def double(x):
    raise SystemExit(0)
""",
    "raises KeyboardInterrupt": "def double(x):\n    raise KeyboardInterrupt",
    "raises what cannot be told": """
class Odd(BaseException):
    def __str__(self):
        raise Odd
def double(x):
    raise Odd
""",
    "raises AssertionError without end": """
def double(x):
    try:
        raise AssertionError('passed')
    finally:
        double(x)
""",
    "endless output": "def double(x):\n    while True:\n        print('x' * 10000)",
    "endless output on the channel": """
import os
def double(x):
    for descriptor in range(3, 64):
        try:
            while True:
                os.write(descriptor, b'x' * 65536)
        except OSError:
            pass
""",
    "endless answer": "def double(x):\n    return [0] * (1 << 24)",
    "endless iterator": """
def double(x):
    while True:
        yield x
""",
    "endless loop": "def double(x):\n    while True:\n        pass",
    "endless loop while it is loaded": "while True:\n    pass",
    "sleeps": "import time\ndef double(x):\n    time.sleep(3600)",
    "ignores SIGTERM": """
import signal, time
for number in range(1, 32):
    try:
        signal.signal(number, signal.SIG_IGN)
    except OSError:
        pass
def double(x):
    while True:
        time.sleep(1)
""",
    "stops itself": "import os, signal\ndef double(x):\n    os.kill(os.getpid(), signal.SIGSTOP)",
    "kills itself": "import os, signal\ndef double(x):\n    os.kill(os.getpid(), signal.SIGKILL)",
    "crashes": "import ctypes\ndef double(x):\n    ctypes.string_at(0)",
    "overflows the stack": """
import sys
sys.setrecursionlimit(1 << 30)
def double(x):
    return double(x)
""",
    "leaves a daemon": """
import os, time
def double(x):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(3600)
        os._exit(0)
    return 0
""",
    "leaves a daemon by subprocess": """
import subprocess, sys
def double(x):
    sleep = 'import time; time.sleep(3600)'
    subprocess.Popen([sys.executable, '-c', sleep], start_new_session=True)
    return 0
""",
    "becomes another program": """
import os
def double(x):
    os.execv('/bin/sh', ['sh', '-c', 'echo'])
""",
    "spawns by posix_spawn": """
import os
def double(x):
    return os.posix_spawn('/bin/sh', ['sh'], {})
""",
    "pools processes": """
import multiprocessing
def double(x):
    with multiprocessing.Pool(2) as pool:
        return pool.map(abs, [x])[0] * 0
""",
    "equal to everything": """
class Any:
    def __eq__(self, other):
        return True
    def __ne__(self, other):
        return False
    def __hash__(self):
        return 0
def double(x):
    return Any()
""",
    "an int equal to everything": """
class Any(int):
    def __eq__(self, other):
        return True
    __ne__ = lambda self, other: False
    __hash__ = int.__hash__
    def __index__(self):
        return 4
def double(x):
    return Any(77)
""",
    "a list equal to everything": """
class Any(list):
    def __eq__(self, other):
        return True
def double(x):
    return Any([1])
""",
    "a float near everything": """
class Near(float):
    def __sub__(self, other):
        return 0.0
    __rsub__ = __abs__ = __sub__
def double(x):
    return Near(77.0)
""",
    "a str of a type that lies": """
class Any(str):
    __class__ = int
    def __eq__(self, other):
        return True
def double(x):
    return Any('4')
""",
    "pickles itself into something": """
class Pickled:
    def __reduce__(self):
        return (eval, ("__import__('os').system('touch OUTSIDE/left.txt')",))
def double(x):
    return Pickled()
""",
    "contains itself": "def double(x):\n    a = []\n    a.append(a)\n    return a",
    "a dict of hostile keys": """
class Key(str):
    def __hash__(self):
        raise SystemExit(0)
def double(x):
    return {Key('a'): 1}
""",
    "nested too deep": """
def double(x):
    value = []
    for _ in range(100000):
        value = [value]
    return value
""",
    "closes the channel": """
import os
def double(x):
    os.closerange(0, 64)
    return 0
""",
    "forges answers ahead": """
import os
for descriptor in range(3, 64):
    try:
        os.write(descriptor, b'{"value": true}\\n' * 64)
    except OSError:
        pass
def double(x):
    return None
""",
    "forges the end of the tests": """
import os
for descriptor in range(3, 64):
    try:
        os.write(descriptor, b'{"value": null}\\n{"done": true, "passed": true}\\n' * 64)
    except OSError:
        pass
def double(x):
    return None
""",
    "forges a line that is no JSON": """
import os
def double(x):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b'[' * 100000 + b'\\n')
        except OSError:
            pass
""",
    "forges an object of the channel": """
import os
def double(x):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b'{"value": {"set": [[1], {"dict": 5}]}}\\n')
        except OSError:
            pass
""",
    "a set whose members share a hash": """
def double(x):
    return list(range(0, 200000 * (2**61 - 1), 2**61 - 1))
""",
    "forges a set whose members share a hash": """
import os
def double(x):
    numbers = ', '.join('{"int": "%x"}' % (n * (2**61 - 1)) for n in range(200000))
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b'{"value": {"set": [' + numbers.encode() + b']}}\\n')
        except OSError:
            pass
""",
    "forges a fraction without end": """
import os
def double(x):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b'{"value": {"Fraction": ["1e9999999999"]}}\\n')
        except OSError:
            pass
""",
    "forges a fraction of long terms": """
import os
def double(x):
    terms = '{"Fraction": [{"int": "3%s"}, {"int": "1%s"}]}' % ('7' * 3000000, '3' * 3000000)
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b'{"value": ' + terms.encode() + b'}\\n')
        except OSError:
            pass
""",
    "a fraction of long terms": """
from fractions import Fraction
def double(x):
    fraction = Fraction(1)
    fraction._numerator, fraction._denominator = 7 ** 1000000, 3 ** 1000000
    return fraction
""",
    "forges a long message": """
import os
def double(x):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b'{"raised": ["' + b'E' * 7000000 + b'", "", 1]}\\n')
        except OSError:
            pass
""",
    "reads the caller's frames": """
import sys
def double(x):
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()):
            if isinstance(value, dict) and 'expected' in value:
                return value['expected']
        frame = frame.f_back
    return None
""",
    "reads all that the collector knows": """
import gc
def double(x):
    for found in gc.get_objects():
        if isinstance(found, dict) and 'answer' in found:
            return found['answer']
    return None
""",
    "kills the parent": """
import os, signal
def double(x):
    os.kill(os.getppid(), signal.SIGKILL)
""",
    "kills the group": "import os, signal\ndef double(x):\n    os.killpg(0, signal.SIGKILL)",
    "kills everybody": "import os, signal\ndef double(x):\n    os.kill(-1, signal.SIGKILL)",
    "kills by pidfd": """
import os, signal
def double(x):
    signal.pidfd_send_signal(os.pidfd_open(os.getppid()), signal.SIGKILL)
""",
    "traces the parent": """
import ctypes, os
def double(x):
    libc = ctypes.CDLL(None)
    if libc.ptrace(16, os.getppid(), 0, 0) == 0:
        return x * 2
    return None
""",
    "reads the parent's memory": """
import os
def double(x):
    with open(f'/proc/{os.getppid()}/mem', 'rb') as file:
        file.read(1)
    return x * 2
""",
    "reads the parent's memory by system call": """
import ctypes, os
def double(x):
    libc = ctypes.CDLL(None)
    if libc.process_vm_readv(os.getppid(), None, 0, None, 0, 0) == 0:
        return x * 2
    return None
""",
    "reads other processes in /proc": """
import os
def double(x):
    for number in os.listdir('/proc'):
        if number.isdigit() and open(f'/proc/{number}/cmdline').read():
            return x * 2
""",
    "lowers the parent's limits": """
import os, resource
def double(x):
    resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))
    return x * 2
""",
    "raises its own limits": """
import resource
def double(x):
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return x * 2
""",
    "goes to the network": """
import socket
def double(x):
    socket.create_connection(('127.0.0.1', 9), 1)
    return x * 2
""",
    "makes a socket": """
import socket
def double(x):
    socket.socket(socket.AF_UNIX)
    return x * 2
""",
    "leaves shared memory": """
from multiprocessing.shared_memory import SharedMemory
def double(x):
    SharedMemory('oci_magic_left', True, 64)
    return x * 2
""",
    "leaves System V memory": """
import ctypes
def double(x):
    return x * 2 if ctypes.CDLL(None).shmget(0x6F6369, 4096, 0o1600) >= 0 else None
""",
    "uses System V memory, semaphores and messages of others": """
import ctypes, errno
def double(x):
    libc, none = ctypes.CDLL(None, use_errno=True), (-1, None, 0, 0, 0)
    for name in 'shmat shmctl shmdt semop semctl semtimedop msgsnd msgrcv msgctl'.split():
        getattr(libc, name)(*none)
        if ctypes.get_errno() != errno.EPERM:
            return x * 2
""",
    "removes a message queue of others": """
import ctypes, errno
def double(x):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mq_unlink(b'/oci_magic_left')
    return x * 2 if ctypes.get_errno() == errno.ENOENT else None
""",
    "takes a new namespace": """
import ctypes
def double(x):
    return x * 2 if ctypes.CDLL(None).unshare(0x10000000) == 0 else None
""",
    "allows itself to be signalled": """
import ctypes
def double(x):
    return x * 2 if ctypes.CDLL(None).prctl(1, 0, 0, 0, 0) == 0 else None
""",
    "has a file signal the parent": """
import fcntl, os
def double(x):
    for descriptor in range(3, 8):
        try:
            fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getppid())
        except PermissionError:
            return None
        except OSError:
            pass
    return x * 2
""",
    "empties a file by opening it to read": """
import os
def double(x):
    os.open('OUTSIDE/canary.txt', os.O_RDONLY | os.O_TRUNC)
    return x * 2
""",
    "empties a file by name": """
import os
def double(x):
    os.truncate('OUTSIDE/canary.txt', 0)
    return x * 2
""",
    "no function": "triple = 3",
    "not callable": "double = 4",
    "no Python": "def double(x) return 2 * x",
    "a null byte": "def double(x):\n    return '\x00'",
    "source that breaks the parser": "(" * 100000,
    "a name that hangs the codec": """
class Slow:
    def __iter__(self):
        while True:
            pass
def double(x):
    return Slow()
""",
    "a huge integer": "def double(x):\n    return 7 ** 200000",
    "an answer for all of them": "def double(x):\n    return {0, 2, 4, 6, 8, -4, 10}",
    "a generator for an answer": "def double(x):\n    return (n for n in (4, 10))",
    "changes its argument": "def double(x):\n    x += x\n    return None",
}
