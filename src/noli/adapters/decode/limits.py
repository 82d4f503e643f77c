# SPDX-License-Identifier: Apache-2.0
"""Takes rights away from the process that will decode untrusted media.

Call ``confine`` once, after everything the process will ever need is imported: afterwards it can compute, allocate
memory up to the limit, read and write the descriptors it already has, start threads (the HEIC decoder insists on one),
and nothing else. It cannot open a file, make a socket, start a process or run another program.

What the machine does not offer is left out and not hidden: the return value names the protections that hold.
Linux only, as ``prctl`` and seccomp are.
"""

import ctypes
import errno
import os
import resource
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyseccomp

#: ``prctl`` options, from <linux/prctl.h>.
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38

#: From <sched.h>: the new task is a thread of this process.
_CLONE_THREAD = 0x00010000

#: From <sys/mman.h>: memory that may be run as code.
_PROT_EXEC = 0x4

#: All that a decoder does: memory, locks between its threads, its two pipes, time and its own end. No name, path or
#: address of anything outside the process can be given to any of these.
_ALLOWED_CALLS = (
    "brk", "munmap", "mremap", "madvise",
    "futex", "set_robust_list", "rseq", "sched_yield", "sched_getaffinity", "restart_syscall",
    "read", "readv", "write", "writev", "close", "lseek", "fstat", "poll", "ppoll",
    "clock_gettime", "clock_nanosleep", "nanosleep", "gettimeofday", "getrandom",
    "getpid", "gettid", "getrusage",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack",
    "exit", "exit_group",
)  # fmt: skip


def confine(*, memory_mib: int) -> tuple[str, ...]:
    """Give up every right that decoding does not need, for good.

    Args:
        memory_mib: Address space this process may use in all, in MiB.

    Returns:
        Names of the protections that hold now: of ``rlimits``, ``no-new-privileges``, ``not-traceable``, ``seccomp``.
    """
    calls = _call_filter()
    held = ["rlimits", *_set_prctl()]
    _lower_rlimits(memory_mib=memory_mib)
    # Last, because the filter refuses what the steps before it did.
    if calls is not None and _load(calls):
        held.append("seccomp")
    else:
        # The kernel counts threads as processes: without the filter there are neither, and HEIC stays unread.
        _limit(resource.RLIMIT_NPROC, 0)
    return tuple(held)


def _lower_rlimits(*, memory_mib: int) -> None:
    """Lower the limits, soft and hard, so that they cannot be raised again."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_AS, memory_mib * 1024 * 1024)
    # Descriptors are given out from the lowest free number up: with the limit at that number there is none to give.
    lowest_free = os.dup(0)
    os.close(lowest_free)
    _limit(resource.RLIMIT_NOFILE, lowest_free)


def _limit(kind: int, most: int) -> None:
    """Lower one limit; one that is lower already stays as it is."""
    _, hard = resource.getrlimit(kind)
    lowest = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (lowest, lowest))


def _set_prctl() -> list[str]:
    """Forbid new privileges and forbid other processes of this user to look in."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is None:
        return []
    wanted = (("no-new-privileges", _PR_SET_NO_NEW_PRIVS, 1), ("not-traceable", _PR_SET_DUMPABLE, 0))
    return [name for name, option, value in wanted if prctl(option, value, 0, 0, 0) == 0]


def _call_filter() -> "pyseccomp.SyscallFilter | None":
    """Make the list of allowed system calls, everything else being refused; None where libseccomp is missing."""
    try:
        import pyseccomp  # noqa: PLC0415 - raises where libseccomp is missing
    except (ImportError, RuntimeError, OSError):
        return None
    calls = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    only_data = pyseccomp.Arg(2, pyseccomp.MASKED_EQ, _PROT_EXEC, 0)
    only_threads = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _CLONE_THREAD, _CLONE_THREAD)
    rules: list[tuple[str, tuple[pyseccomp.Arg, ...]]] = [(name, ()) for name in _ALLOWED_CALLS]
    rules += [("mmap", (only_data,)), ("mprotect", (only_data,)), ("clone", (only_threads,))]
    for name, conditions in rules:
        # Negative: this architecture has no call of that name.
        if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) >= 0:
            calls.add_rule(pyseccomp.ALLOW, name, *conditions)
    # The filter cannot look into clone3's argument; "not there" makes the C library use clone.
    calls.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    return calls


def _load(calls: "pyseccomp.SyscallFilter") -> bool:
    """Have the kernel enforce the filter; False where it does not offer that."""
    try:
        calls.load()
    except OSError:
        return False
    return True
