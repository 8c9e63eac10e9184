"""What `make docker-test` proves of docker/, with a real engine (`.ci/docker-engine .ci/docker-test.py`): the image is built, runs
read-only, as no root and without capabilities, hides passwords or says that it cannot, stops in order; by compose.yaml it records
a camera into the S3 server, goes on after kill -9 of each container and after an upgrade, and no recorded second is lost.

MEDIAMTX_BIN names a MediaMTX; VERSITYGW_BIN a versitygw, which Go builds without it. DOCKER_TEST_FROM is the commit that the first image is made from (HEAD).
"""

import base64, json, os, pathlib, shutil, signal, subprocess, sys, time, urllib.error, urllib.request
from datetime import datetime

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = pathlib.Path(os.environ["DOCKER_FOLDER"])
PROJECT = "streamwarden-test"
HTTP, RTSP, HTTPS = 18980, 18954, 18943
USER, PASSWORD, CAMERA_PASSWORD = "anna", "a-password-of-anna", "the-cameras-own-password"
# A quick build, not a quick program.
QUICK = {"CARGO_PROFILE_RELEASE_LTO": "off", "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16", "CARGO_PROFILE_RELEASE_OPT_LEVEL": "1"}
HARDENED = ["--read-only", "--tmpfs", "/tmp", "--cap-drop=ALL", "--security-opt", "no-new-privileges"]
# On a machine that is busy with something else, too.
WAIT_S = 240
VERSITYGW = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"

os.environ.update(
    COMPOSE_HTTP_TIMEOUT="600", BIND="127.0.0.1", HTTP_PORT=str(HTTP), RTSP_PORT=str(RTSP), HTTPS_PORT=str(HTTPS), SEGMENT_DURATION="5s",
    ALLOWED_ORIGINS=f"https://127.0.0.1:{HTTPS}", **{f"{peer.upper()}_IMAGE": f"local/{peer}" for peer in ("mediamtx", "nginx", "postgres", "redis", "s3")}
)


def run(*line, check=True, stdin=None, quiet=False):
    """Standard output; what a failure has said is shown."""
    done = subprocess.run(line, input=stdin, text=True, capture_output=True)
    if check and done.returncode != 0:
        sys.exit(f"{' '.join(line)}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done if quiet else done.stdout


def docker(*line, **more):
    return run("docker", *line, **more)


def compose(*line, image="streamwarden:one", **more):
    os.environ["STREAMWARDEN_IMAGE"] = image
    return run("docker-compose", "-p", PROJECT, "-f", str(FOLDER / "docker/compose.yaml"), *line, **more)


def said(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def expect(truth, what, shown=""):
    if not truth:
        sys.exit(f"FAILED: {what}\n{shown}")
    said(f"ok  {what}")


def eventually(what, look):
    """What `look` returns once it is something; an error of the network is nothing."""
    until, last = time.monotonic() + WAIT_S, None
    while time.monotonic() < until:
        try:
            if found := look():
                said(f"ok  {what}")
                return found
        except (OSError, ValueError, urllib.error.URLError) as error:
            last = error
        time.sleep(0.5)
    logs = run("docker-compose", "-p", PROJECT, "-f", str(FOLDER / "docker/compose.yaml"), "logs", "--tail=25", check=False)
    sys.exit(f"FAILED: {what} within {WAIT_S} s ({last})\n{logs[-8000:]}")


def api(route):
    login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    request = urllib.request.Request(f"http://127.0.0.1:{HTTP}{route}", headers={"Authorization": f"Basic {login}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def stored():
    """The camera's segments that are in the bucket, by id."""
    items = api("/api/v1/recordings/front/segments?limit=1000")["items"]
    return {item["id"]: item for item in items if item["state"] == "uploaded"}


def grown(before, by=2):
    """More segments than before are stored, all of those before among them."""
    now = stored()
    return now if len(now) >= len(before) + by and set(before) <= set(now) else None


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def build():
    for peer in ("entrypoint", "Dockerfile"):
        shutil.copy(ROOT / ".ci/docker" / peer, FOLDER / "peers")
    for peer in ("postgres", "redis", "nginx", "mediamtx", "s3"):
        docker("build", "-q", "--network=host", "--build-arg", f"PEER={peer}", "-t", f"local/{peer}", str(FOLDER / "peers"))
    said("ok  stand-ins for the images of others")
    first = FOLDER / "source"
    first.mkdir()
    archive = subprocess.run(["git", "archive", os.environ.get("DOCKER_TEST_FROM") or "HEAD"], cwd=ROOT, check=True, capture_output=True)
    subprocess.run(["tar", "-x", "-C", first], input=archive.stdout, check=True)
    shutil.copytree(ROOT / "docker", first / "docker", dirs_exist_ok=True)
    for tag, context in (("one", first), ("two", ROOT)):
        args = {"RUST_IMAGE": "local/rust", "NODE_IMAGE": "local/node", "BUILD_COMMIT": tag, **QUICK}
        flags = [word for pair in args.items() for word in ("--build-arg", "=".join(pair))]
        docker("build", "-q", "--network=host", "-f", str(context / "docker/Dockerfile"), "-t", f"streamwarden:{tag}", *flags, str(context))
        said(f"ok  image streamwarden:{tag} is built")
    shutil.rmtree(first)


def alone():
    """One container, without a network: what the kernel allows it, and how it ends."""
    version = docker("run", "--rm", "--network=none", *HARDENED, "streamwarden:one", "version")
    expect("(one)" in version, "read-only, without capabilities and as no root it runs", version)
    profile = FOLDER / "no-ptrace.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["ptrace"], "action": "SCMP_ACT_ERRNO"}]}))
    no_ptrace = ["--security-opt", f"seccomp={profile}"]
    listen = ["-e", "STREAMWARDEN_HTTP__LISTEN=127.0.0.1:8080"]
    hidden = ["-e", "STREAMWARDEN_RESTREAM__REQUIRE_HIDDEN_ARGUMENTS=true"]
    refused = docker("run", "--rm", "--network=none", *HARDENED, *no_ptrace, *listen, *hidden, "streamwarden:one", check=False, quiet=True)
    expect(refused.returncode != 0 and "require_hidden_arguments" in refused.stderr,
           "without ptrace it does not start where passwords have to be hidden", f"{refused}")
    for name, more in (("hides", hidden), ("shows", no_ptrace)):
        docker("run", "-d", "--name", name, "--network=none", *HARDENED, *listen, *more, "streamwarden:one")
        eventually(f"it is healthy ({name})", lambda: docker("inspect", "-f", "{{.State.Health.Status}}", name).strip() == "healthy")
        begun = time.monotonic()
        docker("stop", "-t", "25", name)
        code = docker("inspect", "-f", "{{.State.ExitCode}}", name).strip()
        logs = docker("logs", name, quiet=True)
        expect(code == "0" and time.monotonic() - begun < 24 and "stopped" in logs.stderr + logs.stdout, f"SIGTERM stops it in order ({name})", logs.stderr[-2000:])
        docker("rm", "-v", name)


def start():
    shutil.copytree(ROOT / "docker", FOLDER / "docker", ignore=shutil.ignore_patterns("secrets", "tls", ".env"))
    run(str(FOLDER / "docker/make-secrets"))
    # What compose.yaml leaves open is required here.
    text = (FOLDER / "docker/compose.yaml").read_text().replace("x-environment: &environment\n", "x-environment: &environment\n  STREAMWARDEN_RESTREAM__REQUIRE_HIDDEN_ARGUMENTS: \"true\"\n")
    (FOLDER / "docker/compose.yaml").write_text(text)
    compose("up", "-d")
    compose("run", "--rm", "-T", "monitor", "user", "add", USER, "--role", "operator", "--password-file", "-", stdin=PASSWORD + "\n")
    said("ok  compose.yaml is up, and there is a user")
    network = f"{PROJECT}_outside"
    (FOLDER / "camera.yml").write_text("paths:\n  all_others:\n")
    docker("run", "-d", "--name", "camera", "--network", network, "-v", f"{FOLDER}/camera.yml:/mediamtx.yml:ro", "local/mediamtx")
    film = ["-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25"]
    docker("run", "-d", "--name", "film", "--restart=always", "--no-healthcheck", "--network", network, "--entrypoint", "ffmpeg", "streamwarden:one", *film, "-rtsp_transport", "tcp", "-f", "rtsp", "rtsp://camera:8554/live")
    eventually("the monitor answers", lambda: api("/api/v1/status")["roles"] == ["monitor"])
    add = ["cameras", "add", "front", "--url", "rtsp://camera:8554/live", "--username", "viewer", "--password-file", "-"]
    eventually("a camera is added", lambda: compose("exec", "-T", "restream", "streamwarden", *add, check=False, quiet=True, stdin=CAMERA_PASSWORD + "\n").returncode == 0)


def containers():
    ids = compose("ps", "-q").split()
    return [json.loads(docker("inspect", one))[0] for one in ids]


def hardened():
    for one in containers():
        name, pid = one["Name"].strip("/"), one["State"]["Pid"]
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        ours = one["Config"]["Image"].startswith("streamwarden")
        wanted = {"CapEff:\t0000000000000000" in status, "NoNewPrivs:\t1" in status, one["HostConfig"]["ReadonlyRootfs"]}
        if ours:
            wanted |= {"Uid:\t10001" in status, one["State"]["Health"]["Status"] == "healthy"}
        expect(wanted == {True}, f"{name}: {'not root, healthy, ' if ours else ''}no capabilities, no new ones, read-only", status)
    inside = [container for container in containers() if any(part in container["Name"] for part in ("postgres", "redis", "s3"))]
    expect(all(list(one["NetworkSettings"]["Networks"]) == [f"{PROJECT}_inside"] for one in inside), "database, Redis and bucket are inside alone")


def processes():
    """Of all containers: what stands in their arguments, and no zombie."""
    words, zombies = "", []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if "/docker/" not in pathlib.Path(f"/proc/{pid}/cgroup").read_text():
                continue
            words += pathlib.Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
            if "\nState:\tZ" in pathlib.Path(f"/proc/{pid}/status").read_text():
                zombies.append(pid)
        except OSError:
            continue
    expect("ffmpeg" in words and CAMERA_PASSWORD not in words, "no password stands in the arguments of ffmpeg")
    return zombies


def no_zombies():
    # One that has just ended is reaped in a moment.
    eventually("no zombie stays", lambda: not processes())


def verified(image):
    done = compose("exec", "-T", "record", "streamwarden", "recordings", "verify", image=image, check=False, quiet=True)
    expect(done.returncode == 0 and " 0 are damaged" in done.stdout, "every stored copy has its size and SHA-256", done.stdout + done.stderr)


def killed(service):
    """kill -9 of process 1, as the machine's out-of-memory killer does: the engine starts it again."""
    before = stored()
    one = json.loads(docker("inspect", compose("ps", "-q", service).strip()))[0]
    at = time.time()
    os.kill(one["State"]["Pid"], signal.SIGKILL)
    eventually(f"{service} is started again", lambda: json.loads(docker("inspect", one["Id"]))[0]["State"]["Pid"] not in (0, one["State"]["Pid"]))
    after = eventually(f"{service} killed: recording goes on, what was stored is there", lambda: grown(before))
    return at, after


def complete(killed_at):
    """What the recorder had on disk at its kill is stored: at most the last fragment (a second) and a key frame interval are lost."""
    def reach():
        ends = [moment(one["startedAt"]) + one["durationMs"] / 1000 for one in stored().values() if moment(one["startedAt"]) < killed_at]
        return max(ends, default=0)
    # It was mended by the next start, and is uploaded in its turn.
    eventually("the segment that was open at the kill is stored, up to 3 s before it", lambda: reach() > killed_at - 3)
    found = api("/api/v1/completeness?stream=front")["items"][0]
    gaps = sum(moment(gap["to"]) - moment(gap["from"]) for gap in found["gaps"])
    expect(abs(found["expectedMs"] - found["storedMs"] - gaps * 1000) < 2 and all(gap["cause"] for gap in found["gaps"]),
           f"every second is stored or in a gap with a cause: {sorted({gap['cause'] for gap in found['gaps']})}", json.dumps(found))


def behind_nginx():
    tls = FOLDER / "docker/tls"
    tls.mkdir()
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(tls / "privkey.pem"), "-out", str(tls / "fullchain.pem"))
    compose("--profile", "nginx", "up", "-d", "nginx", image="streamwarden:two")
    page = ["curl", "-fsS", "--cacert", str(tls / "fullchain.pem")]
    eventually("nginx answers with the page", lambda: "<title>" in run(*page, f"https://127.0.0.1:{HTTPS}/", check=False))
    login = run(*page, "-o", "/dev/null", "-w", "%{http_code}", "-H", f"Origin: https://127.0.0.1:{HTTPS}", "-H", "Content-Type: application/json", "-d", json.dumps({"name": USER, "password": PASSWORD}), f"https://127.0.0.1:{HTTPS}/api/v1/login")
    expect(login.startswith("2"), "a browser's login goes through it", login)


def main():
    peers = FOLDER / "peers"
    peers.mkdir(exist_ok=True)
    if not os.environ.get("MEDIAMTX_BIN"):
        sys.exit("MEDIAMTX_BIN has to name the program mediamtx")
    if not os.environ.get("VERSITYGW_BIN"):
        tools = ROOT / "target/tools-go"
        run("env", f"GOBIN={tools}", "go", "install", VERSITYGW)
        os.environ["VERSITYGW_BIN"] = str(tools / "versitygw")
    for name in ("mediamtx", "versitygw"):
        shutil.copy(os.environ[f"{name.upper()}_BIN"], peers / name)
        (peers / name).chmod(0o755)
    build()
    alone()
    start()
    before = eventually("three segments are in the bucket", lambda: grown({}, 3))
    files = compose("exec", "-T", "s3", "find", "/data/vod/front", "-name", "segment_*.mp4").split()
    expect(all(f"/data/vod/{one['objectKey']}" in files for one in before.values()), "they are files of the S3 server's volume", f"{files}")
    eventually("all are healthy", lambda: all(one["State"].get("Health", {}).get("Status") == "healthy" for one in containers()))
    hardened()
    no_zombies()
    for service in ("monitor", "restream", "record"):
        at, after = killed(service)
    complete(at)
    verified("streamwarden:one")
    compose("up", "-d", image="streamwarden:two")
    eventually("the upgraded monitor answers", lambda: api("/api/v1/status")["roles"] == ["monitor"])
    version = compose("exec", "-T", "record", "streamwarden", "version", image="streamwarden:two")
    expect("(two)" in version, "it is the other image", version)
    after = eventually("upgraded: recording goes on, what was stored is there", lambda: grown(after))
    verified("streamwarden:two")
    eventually("the upgraded are healthy", lambda: all(one["State"].get("Health", {}).get("Status") == "healthy" for one in containers()))
    no_zombies()
    behind_nginx()
    compose("--profile", "nginx", "down", "-v", "-t", "25", image="streamwarden:two", check=False)
    docker("rm", "-f", "-v", "film", "camera")
    compose("--profile", "nginx", "down", "-v", image="streamwarden:two")
    left = docker("ps", "-aq") + docker("volume", "ls", "-q") + docker("network", "ls", "-q", "--filter", "type=custom")
    expect(not left.strip(), "nothing is left", left)


main()
