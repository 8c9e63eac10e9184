// One stream in the live table; on a phone the same cells make a card.

import { h, set, show, text, type Row } from "../ui/dom";
import { Sparkline } from "../ui/sparkline";
import { Badge, cameraLook, recordingLook, streamLook } from "../ui/states";
import { ago, bitrate, dateTime, plural, source, track } from "../format";
import { href } from "../router";
import { fullTitle, nextTry, titleOf } from "../camera_words";
import { streamKey } from "../store";
import { lineSince, reasonOf, type StreamLine } from "../stream_lines";
import type { Past } from "../past";
import type { RecordingStatus } from "../types";

interface Surroundings {
  past: Past;
  now: () => number;
  /** Keys of the rows on screen: only their sparklines are drawn. */
  visible: ReadonlySet<string>;
  observer: IntersectionObserver;
}

function cell(name: string, label: string, ...children: (Node | string)[]): HTMLTableCellElement {
  return h("td", { role: "cell", class: `c-${name}`, "data-label": label }, ...children);
}

export function streamRow(first: StreamLine, around: Surroundings): Row<StreamLine> & { tick(): void } {
  const { server, name } = first.stream;
  const key = streamKey(server, name);
  const link = h("a", { class: "name", title: name, href: href({ page: "stream", server, name }) }, name);
  const path = h("small", { hidden: true }, name);
  const serverName = h("small", {}, server);
  const badge = new Badge(streamLook);
  const since = h("small", { class: "since" });
  const cameraBadge = new Badge(cameraLook);
  const cameraLink = h("a", { class: "of-camera" }, cameraBadge.element);
  const next = h("small", { class: "next" });
  const reason = h("small", { class: "reason" });
  const from = h("span");
  const rate = h("span", { class: "rate" });
  const spark = new Sparkline();
  const readers = h("span");
  const tracks = h("span", { class: "tracks" });
  const recording = new Badge(recordingLook);
  const recordingMore = h("small", { class: "reason" });
  const noRecording = h("span", { class: "none" }, "–");
  const element = h(
    "tr",
    { role: "row", "data-key": key, "data-name": name },
    h("th", { scope: "row", role: "rowheader", class: "c-name" }, link, path, serverName),
    cell("state", "State", h("span", { class: "line" }, badge.element, since, cameraLink, next), reason),
    cell("source", "Source", from),
    cell("bitrate", "Bitrate", spark.element, rate),
    cell("readers", "Readers", readers),
    cell("tracks", "Tracks", tracks),
    cell("recording", "Recording", h("span", { class: "line" }, recording.element, noRecording), recordingMore),
  );
  around.observer.observe(element);
  let line = first;
  let shownTracks = "none yet";

  let drawn = false;

  const tick = () => {
    // With hundreds of streams, only what is on screen is worth drawing, and worth asking the server for.
    if (!around.visible.has(key)) return;
    const now = around.now();
    text(since, `for ${ago(lineSince(line), now)}`);
    const words = line.camera === null || line.stream.state === "live" ? null : nextTry(line.camera, now);
    show(next, words !== null);
    text(next, words ?? "");
    if (line.absent) return;
    around.past.want(server, name);
    spark.render(around.past.of(server, name), now);
  };

  return {
    element,
    tick,
    update(given) {
      line = given;
      const { stream, camera } = given;
      set(element, "data-state", stream.state);
      if (drawn && !around.visible.has(key)) return;
      drawn = true;
      set(element, "data-recorded", given.recording !== null);
      const title = camera === null ? name : titleOf(camera);
      text(link, title);
      set(link, "title", title);
      show(path, title !== name);
      show(serverName, given.several);
      badge.update(stream.state);
      set(since, "title", `since ${dateTime(lineSince(given))}`);
      // What the camera is doing about it, and the way to its log.
      show(cameraLink, camera !== null && stream.state !== "live");
      if (camera !== null) {
        cameraBadge.update(camera.state);
        set(cameraLink, "href", href({ page: "camera", id: camera.id }));
        set(cameraLink, "aria-label", `Camera ${fullTitle(camera)}: ${cameraLook[camera.state]?.words ?? camera.state}`);
      }
      const why = reasonOf(given);
      text(reason, why);
      set(reason, "title", why);
      show(reason, why !== "");
      text(from, source(stream.sourceType));
      set(from, "title", stream.sourceType);
      text(rate, stream.state === "live" || stream.state === "stalled" ? bitrate(stream.bitrate) : "–");
      text(readers, stream.readers);
      const list = stream.tracks.map(track);
      if (list.join() !== shownTracks) {
        shownTracks = list.join();
        tracks.replaceChildren(...(list.length === 0 ? ["–"] : list.map((one) => h("span", { class: "tag", title: one }, one))));
      }
      updateRecording(given.recording);
      tick();
    },
    close: () => around.observer.unobserve(element),
  };

  function updateRecording(status: RecordingStatus | null): void {
    show(noRecording, status === null);
    show(recording.element, status !== null);
    if (status !== null) recording.update(status.state);
    const more = status === null ? "" : (status.reason ?? (status.segments > 0 ? plural(status.segments, "segment") : ""));
    text(recordingMore, more);
    set(recordingMore, "title", more);
    show(recordingMore, more !== "");
  }
}
