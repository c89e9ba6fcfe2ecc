"""PostgreSQL and Redis as shipped: the files of the ConfigMaps, the roles, the passwords, the backup."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

import redis

from manifests import Manifests
from processes import free_port, start, stop, wait_for
from report import check, fact


def as_user() -> dict:
    """PostgreSQL refuses root, and `peer` wants the system user `postgres`, as in the image."""
    if os.getuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Postgres:
    def __init__(self, manifests: Manifests, work: Path, passwords: dict[str, str]):
        self.work, self.passwords, self.port = work / "postgres", passwords, free_port()
        self.files = manifests.config("postgres-config")
        self.scripts = manifests.config("postgres-backup-scripts")
        spec = manifests.one("StatefulSet", "postgres")["spec"]["template"]["spec"]["containers"][0]
        self.initdb = next(variable["value"] for variable in spec["env"] if variable["name"] == "POSTGRES_INITDB_ARGS").split()
        self.work.mkdir()
        for name, text in (self.files | self.scripts).items():
            (self.work / name).write_text(text)
            (self.work / name).chmod(0o755)
        # The one line that names a system user: not everybody runs this as root.
        if os.getuid() != 0:
            mine = pwd.getpwuid(os.getuid()).pw_name
            (self.work / "pg_ident.conf").write_text(f"me {mine} postgres\n")
            hba = (self.work / "pg_hba.conf").read_text()
            (self.work / "pg_hba.conf").write_text(hba.replace("peer", "peer map=me"))
        (self.work / "backup").mkdir()
        for path in [self.work, *self.work.iterdir()]:
            if os.getuid() == 0:
                shutil.chown(path, "postgres", "postgres")
        self.log = self.work / "log"
        self.log.touch()
        self.log.chmod(0o666)
        self.process = None

    def env(self, **more: str) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PGPORT": str(self.port), "PGHOST": str(self.work), **more}

    def url(self, role: str) -> str:
        return f"postgres://{role}:{self.passwords[role]}@127.0.0.1:{self.port}/platform"

    def create(self):
        subprocess.run(["initdb", "--pgdata", self.work / "data", "--username", "postgres", *self.initdb], check=True, capture_output=True, env=self.env(), cwd="/", **as_user())
        if os.getuid() != 0:
            shutil.copy(self.work / "pg_ident.conf", self.work / "data/pg_ident.conf")
        self.start()
        self.run("roles.sh", OWNER_PASSWORD=self.passwords["platform"], AUTH_PASSWORD=self.passwords["auth"], BACKEND_PASSWORD=self.passwords["backend"])

    def start(self):
        options = ["-c", f"config_file={self.work}/postgresql.conf", "-c", f"hba_file={self.work}/pg_hba.conf", "-c", f"unix_socket_directories={self.work}", "-p", str(self.port)]
        self.process = start(["postgres", "-D", self.work / "data", *options], self.log, self.env(), cwd="/", **as_user())
        # The probe of the StatefulSet.
        probe = ["pg_isready", "-q", "-h", "127.0.0.1", "-U", "platform", "-d", "platform"]
        wait_for("PostgreSQL", lambda: subprocess.run(probe, env=self.env(), check=False).returncode == 0, 60, self.log)

    def stop(self):
        stop(self.process, 60, signal.SIGINT)

    def run(self, script: str, **env: str) -> subprocess.CompletedProcess:
        done = subprocess.run([self.work / script], env=self.env(**env), capture_output=True, text=True, check=False, cwd="/", **as_user())
        if done.returncode != 0:
            raise RuntimeError(f"{script}: {done.stdout}{done.stderr}")
        return done

    def ask(self, url: str, sql: str) -> subprocess.CompletedProcess:
        return subprocess.run(["psql", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-tA", "-d", url, "-c", sql], capture_output=True, text=True, check=False)

    def superuser(self, sql: str) -> str:
        done = subprocess.run(["psql", "--no-psqlrc", "-tA", "-U", "postgres", "-d", "platform", "-c", sql], env=self.env(), capture_output=True, text=True, check=True, cwd="/", **as_user())
        return done.stdout.strip()

    def check_roles(self):
        """A6.2: by password, in scram, each role in its own schema alone."""
        wrong = f"postgres://auth:wrong@127.0.0.1:{self.port}/platform"
        check("PostgreSQL refuses a wrong password (A6.2)", "password authentication failed" in self.ask(wrong, "select 1").stderr)
        over_tcp = f"postgres://postgres:x@127.0.0.1:{self.port}/postgres"
        check("the superuser does not come in over the network", "pg_hba.conf rejects" in self.ask(over_tcp, "select 1").stderr)
        other = f"postgres://auth:{self.passwords['auth']}@127.0.0.1:{self.port}/template1"
        check("no role reaches another database", "pg_hba.conf rejects" in self.ask(other, "select 1").stderr)
        verifiers = self.superuser("select bool_and(rolpassword like 'SCRAM-SHA-256$%') from pg_authid where rolname in ('platform', 'auth', 'backend')")
        check("passwords are kept as scram verifiers", verifiers == "t", verifiers)
        check("auth reads its own schema", self.ask(self.url("auth"), "select count(*) from auth.users").returncode == 0)
        denied = self.ask(self.url("auth"), "select count(*) from app.projects").stderr
        check("auth may not read the backend's schema", "permission denied" in denied, denied)
        denied = self.ask(self.url("backend"), "select count(*) from auth.users").stderr
        check("backend may not read auth's schema", "permission denied" in denied, denied)
        denied = self.ask(self.url("auth"), "create table auth.x (y int)").stderr
        check("a service cannot change the schema", "permission denied" in denied, denied)
        self.run("roles.sh", OWNER_PASSWORD=self.passwords["platform"], AUTH_PASSWORD="another-password", BACKEND_PASSWORD=self.passwords["backend"])
        check("running roles.sh again sets a new password", self.ask(self.url("auth").replace(self.passwords["auth"], "another-password"), "select 1").returncode == 0)
        self.run("roles.sh", OWNER_PASSWORD=self.passwords["platform"], AUTH_PASSWORD=self.passwords["auth"], BACKEND_PASSWORD=self.passwords["backend"])

    def check_backup(self):
        """A6.5: the CronJobs' own scripts: dump, check in a server of its own, lose data, restore."""
        env = {"DATABASE_URL": self.url("platform"), "BACKUP_DIR": str(self.work / "backup")}
        before = self.superuser("select count(*) from auth.users")
        started = time.monotonic()
        self.run("backup.sh", **env)
        fact(f"backup in {time.monotonic() - started:.1f} s")
        started = time.monotonic()
        said = self.run("restore-check.sh", **env).stdout
        check("the newest dump restores into an empty server (A6.5)", f"{before} users" in said, said)
        fact(f"restore check in {time.monotonic() - started:.1f} s: {said.strip()}")
        self.superuser("delete from auth.users")
        check("the data is lost", self.superuser("select count(*) from auth.users") == "0")
        self.run("restore.sh", **env)
        check("restore.sh brings it back", self.superuser("select count(*) from auth.users") == before and before != "0", before)
        check("the services' rights came back with it", self.ask(self.url("auth"), "select count(*) from auth.users").returncode == 0)
        for day in range(1, 4):
            (self.work / f"backup/platform-2020010{day}T000000Z.dump").touch()
        self.run("backup.sh", **env, KEEP="2")
        left = sorted(path.name for path in (self.work / "backup").glob("platform-*"))
        check("old dumps go, the newest stay", len(left) == 2 and not left[0].startswith("platform-2020"), left)
        for path in (self.work / "backup").glob("platform-*"):
            os.utime(path, (0, 0))
        try:
            self.run("restore-check.sh", **env)
            check("a backup that stopped is noticed", False)
        except RuntimeError as error:
            check("a backup that stopped is noticed", "too old" in str(error), error)


class Redis:
    def __init__(self, manifests: Manifests, work: Path, password: str):
        self.work, self.password, self.port = work / "redis", password, free_port()
        self.work.mkdir()
        for name, text in manifests.config("redis-config").items():
            (self.work / name).write_text(text)
            (self.work / name).chmod(0o755)
        self.log, self.process = self.work / "log", None

    def env(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"], "REDIS_PASSWORD": self.password, "REDIS_RUN_DIR": str(self.work), "REDIS_DATA_DIR": str(self.work),
            "REDIS_CONFIG": str(self.work / "redis.conf"), "REDIS_PORT_NUMBER": str(self.port),
        }

    def url(self) -> str:
        return f"redis://auth:{self.password}@127.0.0.1:{self.port}/0"

    def start(self, *more: str):
        self.process = start([self.work / "start.sh", "--port", self.port, *more], self.log, self.env())
        wait_for("Redis", self.probe, 30, self.log)

    def probe(self) -> bool:
        return subprocess.run([self.work / "start.sh", "probe"], env=self.env(), check=False, capture_output=True).returncode == 0

    def stop(self, how: int = signal.SIGTERM):
        stop(self.process, 30, how)

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url(), decode_responses=True)

    def check(self):
        """A7: password, append-only file, bounded memory that loses nothing."""
        client = self.client()
        try:
            redis.Redis(port=self.port).ping()
            check("Redis refuses who has no password (A7.1)", False)
        except redis.AuthenticationError:
            check("Redis refuses who has no password (A7.1)", True)
        for command in ("FLUSHALL", "CONFIG GET requirepass", "KEYS *", "ACL LIST", "SHUTDOWN"):
            try:
                client.execute_command(*command.split())
                check(f"the service may not {command}", False)
            except redis.ResponseError as error:
                check(f"the service may not {command}", "NOPERM" in str(error).upper() or "permission" in str(error), error)
        check("the password is not in the ACL file", self.password not in (self.work / "users.acl").read_text())
        client.set("kept", "yes", ex=600)
        samples = []
        for _ in range(200):
            begun = time.perf_counter()
            client.get("kept")
            samples.append((time.perf_counter() - begun) * 1000)
        samples.sort()
        check("a read takes less than 5 ms (A7.2)", samples[197] < 5, samples[-5:])
        fact(f"Redis read: median {samples[100]:.2f} ms, p99 {samples[197]:.2f} ms")
        time.sleep(1.1)
        self.stop(signal.SIGKILL)
        self.start()
        check("what was written a second ago survives a crash (A7.1)", self.client().get("kept") == "yes")
        check("its lifetime survives, too", 0 < self.client().ttl("kept") <= 600)

    def check_full(self):
        """A7.3: full means an error, never a lost counter."""
        self.stop()
        self.start("--maxmemory", "3mb")
        client = self.client()
        error = None
        try:
            for number in range(2000):
                client.set(f"filler:{number}", "x" * 4096, ex=600)
        except redis.ResponseError as caught:
            error = caught
        check("full memory is an error to the writer (A7.3)", error is not None and "maxmemory" in str(error), error)
        check("and nothing was evicted for it", client.get("kept") == "yes")
        client.unlink(*[key for key in client.scan_iter("filler:*", 500)])
        self.stop()
        self.start()

