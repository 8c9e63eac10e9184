"""A minimal collector as people write it: polls the list of paths, writes the latest state, counts its own CPU."""

import json
import resource
import sys

import redis
import requests

url, port, polls = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
session = requests.Session()
client = redis.Redis(host="127.0.0.1", port=port)


def poll():
    items, page = [], 0
    while True:
        answer = session.get(url + "/v3/paths/list", params={"itemsPerPage": 1000, "page": page}).json()
        items.extend(answer["items"])
        page += 1
        if page >= answer.get("pageCount", 1):
            break
    rows = []
    for path in items:
        source = path.get("source") or {}
        rows.append(
            {
                "name": path["name"],
                "sourceType": source.get("type"),
                "bytesReceived": path.get("bytesReceived", 0),
                "readers": len(path.get("readers") or []),
            }
        )
    client.set("collector:streams:latest", json.dumps(rows))


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


poll()
before = cpu()
for _ in range(polls):
    poll()
print((cpu() - before) / polls)
