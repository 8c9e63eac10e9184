"""`make stack-test`: the log of a real Streamwarden in a real VictoriaLogs, and with the template, the pipeline and the queries of etc/elk
in a real OpenSearch.

The lines go there by `_bulk`, as Filebeat sends them; Filebeat itself is not here, nor Elasticsearch, Logstash, Kibana, Vector and Loki.
OpenSearch knows no lifecycle policies, so that the template loses the line that names one. Of Kibana's objects the references are followed.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
ELK = ROOT / "etc/elk"
TOOLS, PROGRAM = pathlib.Path(sys.argv[1]), sys.argv[2]
STREAM = "logs-streamwarden.log-default"
LIMIT = 120
# By its command line the runner makes a node that runs no pipelines.
NODE = """
import org.codelibs.opensearch.runner.OpenSearchRunner;

public class Node {
    public static void main(String[] arguments) throws Exception {
        OpenSearchRunner runner = new OpenSearchRunner();
        runner.onBuild((number, settings) -> settings.put("node.roles", "cluster_manager,data,ingest"));
        runner.build(OpenSearchRunner.newConfigs().basePath(arguments[0]).numOfNode(1));
        runner.ensureYellow();
        Thread.sleep(Long.MAX_VALUE);
    }
}
"""
started = []


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(folder, name, *command, **more):
    console = open(folder / f"{name}.console", "w")
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=console, stderr=console, **more)
    started.append((name, process, folder / f"{name}.console"))
    return process


def ask(url, body=None, method=None, kind="application/json"):
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"content-type": kind})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{method or 'GET'} {url}: {error.code} {error.read().decode()[:2000]}") from error


def until(what, question):
    begun = time.monotonic()
    while time.monotonic() - begun < LIMIT:
        try:
            answer = question()
            if answer:
                return answer
        except (OSError, urllib.error.URLError):
            pass
        for name, process, console in started:
            if process.poll() is not None:
                raise SystemExit(f"{name} has ended: {console.read_text()[-3000:]}")
        time.sleep(0.2)
    raise SystemExit(f"waited in vain for {what}")


def edited(text, *changes):
    for old, new in changes:
        assert old in text, f"etc has no {old!r} any more"
        text = text.replace(old, new)
    return text


def lines(folder):
    log = folder / "log/streamwarden.log"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def a_program_with_trouble(folder):
    """Nobody answers at its media server, and none of its cameras is there."""
    (folder / "etc").mkdir()
    logging = (ROOT / "etc/log4rs.yaml").read_text()
    at = logging.index("  file:")
    (folder / "etc/log4rs.yaml").write_text(logging[:at] + edited(logging[at:], ("kind: line # kind: json", "kind: ecs #")))
    (folder / "streamwarden.toml").write_text(
        f'data_dir = "data"\n[http]\nlisten = "127.0.0.1:0"\n[[servers]]\napi_url = "http://127.0.0.1:{free_port()}"\n'
        f'rtsp_url = "rtsp://127.0.0.1:{free_port()}"\n[monitor]\ninterval = "500ms"\n'
    )
    start(folder, "streamwarden", PROGRAM, "run", "--config", "streamwarden.toml", env={"PATH": os.environ["PATH"]})
    opened = lambda: [line for line in lines(folder) if line.get("event.action") == "incident-opened"]
    incident = until("an incident in the log", opened)[0]
    for line in lines(folder):
        missing = [key for key in ("@timestamp", "log.level", "message", "ecs.version", "service.name") if key not in line]
        assert not missing, f"{missing} missing in {line}"
    return incident


def into_victoria_logs(folder, incident):
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    start(folder, "victoria-logs", TOOLS / "bin/victoria-logs", f"-storageDataPath={folder}/victoria", f"-httpListenAddr=127.0.0.1:{port}")
    until("VictoriaLogs", lambda: ask(f"{address}/health"))
    # What Filebeat would add to each request.
    config = (ELK / "filebeat-victorialogs.yml").read_text()
    parameters = dict(re.findall(r'^    (_[a-z_]+): "?([^"\n]+)"?$', config, re.MULTILINE))
    assert set(parameters) == {"_msg_field", "_time_field", "_stream_fields"}, parameters
    path = re.search(r"http://127\.0\.0\.1:9428(/\S+/)\"", config).group(1)
    bulk = "".join(json.dumps({"create": {}}) + "\n" + json.dumps(line) + "\n" for line in lines(folder))
    given = json.loads(ask(f"{address}{path}_bulk?{urllib.parse.urlencode(parameters)}", bulk.encode(), kind="application/x-ndjson"))
    assert not given["errors"], given
    query = urllib.parse.urlencode({"query": f'event.id:="{incident["event.id"]}" event.action:="incident-opened"'}).encode()
    found = until("the incident in VictoriaLogs", lambda: ask(f"{address}/select/logsql/query", query, kind="application/x-www-form-urlencoded"))
    line = json.loads(found.splitlines()[0])
    assert line["_msg"] == incident["message"] and line["streamwarden.kind"] == incident["streamwarden.kind"], line
    assert line["_time"].rstrip("Z0.") == incident["@timestamp"].rstrip("Z0."), line
    print(f"VictoriaLogs: found the incident {incident['event.id']}")


def into_open_search(folder, incident):
    (folder / "Node.java").write_text(NODE)
    jars = f"{TOOLS}/opensearch/*"
    start(folder, "opensearch", "java", "-Xmx512m", "-cp", jars, "Node.java", f"{folder}/opensearch")
    # The runner says where: 9201 and up.
    base = until("OpenSearch", lambda: next((f"http://127.0.0.1:{port}" for port in range(9201, 9205) if answers(port)), None))
    pipeline = json.loads((ELK / "ingest-pipeline.json").read_text())
    ask(f"{base}/_ingest/pipeline/streamwarden-logs", pipeline, "PUT")
    template = json.loads((ELK / "index-template.json").read_text())
    assert template["template"]["settings"].pop("index.lifecycle.name") == "streamwarden-logs"
    ask(f"{base}/_index_template/streamwarden-logs", template, "PUT")
    # As Filebeat sends them: names with dots are objects.
    bulk = "".join(json.dumps({"create": {}}) + "\n" + json.dumps(nested(line)) + "\n" for line in lines(folder))
    answer = json.loads(ask(f"{base}/{STREAM}/_bulk?refresh=true", bulk.encode(), "POST", "application/x-ndjson"))
    assert not answer["errors"], json.dumps(answer)[:2000]
    mapping = json.loads(ask(f"{base}/{STREAM}/_mapping"))
    properties = next(iter(mapping.values()))["mappings"]["properties"]
    assert properties["log"]["properties"]["level"]["type"] == "keyword", properties
    search = lambda name: json.loads(ask(f"{base}/{STREAM}/_search", json.loads((ELK / f"queries/{name}.json").read_text()), "POST"))
    hits = search("incident-timeline")["hits"]["hits"]
    assert any(hit["_source"]["event"]["id"] == incident["event.id"] for hit in hits), hits
    stored = json.loads(ask(f"{base}/{STREAM}/_search?q=event.id:{incident['event.id']}"))["hits"]["hits"][0]["_source"]
    assert stored["streamwarden"]["about"] == incident["streamwarden.subject"] and stored["event"]["ingested"], stored
    now = time.time()
    camera = lambda at, level: nested({
        "@timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(at)), "log.level": level, "message": "restarting in 4 s",
        "ecs.version": "8.11.0", "service.name": "streamwarden", "streamwarden.camera": "gate", "event.kind": "event",
    })
    # A quiet week, and an hour that is not.
    week = [camera(now - hour * 3600 - 1, "warn") for hour in range(2, 100)] + [camera(now - 1, "error") for _ in range(60)]
    bulk = "".join(json.dumps({"create": {}}) + "\n" + json.dumps(line) + "\n" for line in week)
    answer = json.loads(ask(f"{base}/{STREAM}/_bulk?refresh=true", bulk.encode(), "POST", "application/x-ndjson"))
    assert not answer["errors"], json.dumps(answer)[:2000]
    cameras = search("failures-by-camera")["aggregations"]["cameras"]["buckets"]
    assert cameras[0]["key"] == "gate" and cameras[0]["doc_count"] >= 60, cameras
    unusual = search("unusual-errors")["aggregations"]["hours"]["buckets"]
    assert len(unusual) == 1 and unusual[0]["doc_count"] >= 60, unusual
    restart = json.loads(ask(f"{base}/{STREAM}/_search?q=streamwarden.restart_in_seconds:4&size=1"))["hits"]["total"]["value"]
    assert restart >= 150, restart
    print("OpenSearch: template, pipeline and queries do what they should")


def answers(port):
    try:
        return "cluster_name" in ask(f"http://127.0.0.1:{port}/")
    except (OSError, urllib.error.URLError):
        return False


def nested(line):
    whole = {}
    for name, value in line.items():
        place = whole
        *above, last = name.split(".")
        for part in above:
            place = place.setdefault(part, {})
        place[last] = value
    return whole


def what_cannot_be_run():
    objects = [json.loads(line) for line in (ELK / "kibana.ndjson").read_text().splitlines()]
    known = {(one["type"], one["id"]) for one in objects}
    for one in objects:
        for reference in one["references"]:
            assert (reference["type"], reference["id"]) in known, f"{one['id']} refers to {reference}"
        if one["type"] == "dashboard":
            panels = json.loads(one["attributes"]["panelsJSON"])
            names = {f"{panel['panelIndex']}:{panel['panelRefName']}" for panel in panels}
            assert names == {reference["name"] for reference in one["references"]}, names
    for name in ("lifecycle-policy.json", "alerts/errors.json"):
        json.loads((ELK / name).read_text())
    json.loads(json.loads((ELK / "alerts/errors.json").read_text())["params"]["esQuery"])
    print("Kibana's objects refer to what is there")


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="stack-test."))
    try:
        what_cannot_be_run()
        incident = a_program_with_trouble(folder)
        into_victoria_logs(folder, incident)
        into_open_search(folder, incident)
        print("stack-test: good")
    finally:
        for _, process, _ in started:
            process.send_signal(signal.SIGTERM)
        for _, process, _ in started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(folder, ignore_errors=True)


main()
