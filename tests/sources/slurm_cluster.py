"""A real Slurm on loopback: its controller and its REST daemon, nodes without any machine behind them."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path

NODES = "gpu-[001-004]"
VERSION = "v0.0.38"  # the newest that Debian 12's speaks


@dataclass
class Cluster:
    """`url` is that of its slurmrestd, which may be asked with `token`."""

    url: str
    token: str
    folder: Path

    def scontrol(self, *words: str) -> str:
        """What an operator does by hand."""
        return _scontrol(self.folder, *words)


@contextmanager
def slurm() -> Iterator[Cluster]:
    """A cluster of four nodes with eight GPUs each, all idle."""
    with tempfile.TemporaryDirectory(prefix="dashboard-slurm-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        port, rest, *others = _free_ports(7)
        _configured(folder, port, others)
        running: list[subprocess.Popen[bytes]] = []
        try:
            running.append(_started(folder, "slurmctld", "-D", "-c"))
            _until(lambda: "is UP" in _scontrol(folder, "ping"), folder)
            # Nobody has heard of a node that has no machine; one that was down and is resumed is taken to be idle.
            _scontrol(folder, "update", f"nodename={NODES}", "state=down", "reason=new")
            _scontrol(folder, "update", f"nodename={NODES}", "state=resume")
            token = (
                _scontrol(folder, "token", f"username={getuser()}", "lifespan=99999").strip().removeprefix("SLURM_JWT=")
            )
            rest_words = ("-f", f"{folder}/slurm.conf", "-a", "rest_auth/jwt", "-s", f"openapi/{VERSION}")
            running.append(_started(folder, "slurmrestd", *rest_words, f"127.0.0.1:{rest}"))
            _until(lambda: _listens(rest), folder)
            yield Cluster(f"http://127.0.0.1:{rest}", token, folder)
        finally:
            for each in reversed(running):
                each.kill()  # nothing of it is to be kept
                each.wait()


def _configured(folder: Path, port: int, others: list[int]) -> None:
    for part in ("state", "spool"):
        (folder / part).mkdir()
    (folder / "jwt.key").write_bytes(secrets.token_bytes(32))
    (folder / "jwt.key").chmod(0o600)
    host = socket.gethostname().split(".")[0]
    (folder / "slurm.conf").write_text(f"""
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmdPort={others[0]}
AuthType=auth/none
CredType=cred/none
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key={folder}/jwt.key
SlurmUser={getuser()}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
GresTypes=gpu
NodeName={NODES} NodeAddr=127.0.0.1 NodeHostname={host} Port=[{",".join(map(str, others[1:]))}] CPUs=1 Gres=gpu:h100:8
PartitionName=all Nodes=ALL Default=YES State=UP
""")


def _started(folder: Path, name: str, *words: str) -> "subprocess.Popen[bytes]":
    with (folder / f"{name}.out").open("wb") as log:
        command = [_found(name), *words]
        return subprocess.Popen(
            command, env=_environment(folder, name), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )


def _scontrol(folder: Path, *words: str) -> str:
    command = [_found("scontrol"), *words]
    done = subprocess.run(command, check=False, env=_environment(folder), capture_output=True, text=True)
    assert done.returncode == 0 or words == ("ping",), done.stderr
    return done.stdout


def _environment(folder: Path, name: str = "") -> dict[str, str]:
    found = os.environ | {"SLURM_CONF": f"{folder}/slurm.conf"}
    if name == "slurmrestd":  # it asks as whoever asks it, and may run as the one user that there is
        found |= {"SLURM_JWT": "daemon", "SLURMRESTD_SECURITY": "disable_user_check"}
    return found


def _found(name: str) -> str:
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    assert path, f"{name} is missing: .ci/peers installs it"
    return path


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for each in held:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def _listens(port: int) -> bool:
    with socket.socket() as found:
        return found.connect_ex(("127.0.0.1", port)) == 0


def _until(true: Callable[[], bool], folder: Path, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        said = "".join(each.read_text(errors="replace")[-2000:] for each in folder.glob("slurm*.[lo]*"))
        assert time.monotonic() < end, f"Slurm did not start: {said}"
        time.sleep(0.05)
