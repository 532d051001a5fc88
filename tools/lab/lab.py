"""What tools/lab/build and tools/lab/run share: which kernel is meant, and where it lies.

A kernel is known by its content: the version of Debian's source package, kernel.config and changes/. It lies in
~/.cache/rackphone/lab/<hash>-<version>/linux, so every checkout that agrees on these three uses the same one.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import platform
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
PACKAGE = "linux-source-6.1"
SOURCE = pathlib.Path("/usr/src") / f"{PACKAGE}.tar.xz"
CONFIG = HERE / "kernel.config"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "rackphone" / "lab"


def changes():
    """The patches to Debian's source, in the order they are applied."""
    return sorted((HERE / "changes").glob("*.patch"))


def recipe():
    """A hash over all that is ours: the configuration and the changes."""
    digest = hashlib.sha256()
    for path in [CONFIG, *changes()]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def package_version():
    """The version of the installed source package, or None."""
    query = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", PACKAGE],
                           capture_output=True, text=True, check=False)
    status, _, version = query.stdout.partition(" ")
    return version if query.returncode == 0 and status == "installed" and SOURCE.is_file() else None


def kernel_path(version):
    return CACHE / f"{recipe()}-{version.replace('/', '_')}" / "linux"


def find_kernel():
    """The kernel to boot, or None. Without the source package any cached version of the same recipe serves."""
    version = package_version()
    if version:
        path = kernel_path(version)
        return path if path.is_file() else None
    cached = sorted(CACHE.glob(f"{recipe()}-*/linux"), key=lambda p: p.stat().st_mtime)
    return cached[-1] if cached else None


def unsupported():
    """Why this machine cannot have a lab at all, or None."""
    if platform.machine() != "x86_64":
        return f"User-Mode Linux runs on x86-64 only, this is {platform.machine()}"
    return None


@contextlib.contextmanager
def locked(path):
    """Holds an exclusive lock on the file `path`, which is made when it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
