"""Somebody else's program: reads what Streamwarden keeps in Redis, with redis-py, by nothing but the README."""

import json
import sys

import redis

client = redis.Redis(host="127.0.0.1", port=int(sys.argv[1]), decode_responses=True, socket_timeout=30)

messages = client.pubsub(ignore_subscribe_messages=True)
messages.subscribe("mediamtx:updates")
update = None
while update is None:
    message = messages.get_message(timeout=30)
    if message is not None:
        update = json.loads(message["data"])
assert set(update) == {"seq", "ts", "server", "changed", "removed"}, update
assert update["server"] == "main" and "cam" in update["changed"], update

latest = {stream["name"]: stream for stream in json.loads(client.get("mediamtx:streams:latest"))}
cam = latest["cam"]
assert cam["sourceType"] == "rtspSession" and cam["bytesReceived"] > 0 and cam["readers"] == 2, cam
srt = latest["srt1"]
assert (srt["rtt"], srt["recvRateMbps"], srt["linkCapacityMbps"]) == (23.5, 4.25, 90.5), srt

entries = client.xrange("mediamtx:history:cam")
assert entries and all("k" in fields for _, fields in entries), entries
assert sum(int(fields["k"]) for _, fields in entries) * 1000 <= cam["bytesReceived"], entries
readers = None
for _, fields in entries:
    readers = int(fields["r"]) if "r" in fields else readers
assert readers == 2, entries
srt = client.xrevrange("mediamtx:history:srt1", count=1)[0][1]
assert (int(srt["t"]), int(srt["v"]), int(srt["c"]), int(srt["l"])) == (2350, 4250, 90500, 0), srt

nodes = client.zrange("mediamtx:streamwarden:nodes", 0, -1)
about = json.loads(client.hget("mediamtx:streamwarden:node:" + nodes[0], "about"))
assert about["node"] == "n1", about
print("read it all")
