// Which streams and cameras are excused: what they do until then is no trouble. Pure.

import { streamKey, type LiveState } from "./store";
import type { CameraStatus, Maintenance } from "./types";

const made = new WeakMap<LiveState, ReadonlyMap<string, Maintenance>>();

/** What excuses a stream, by its key. Who excuses a camera excuses its stream, and the other way round. */
export function excused(live: LiveState): ReadonlyMap<string, Maintenance> {
  const known = made.get(live);
  if (known !== undefined) return known;
  const all = new Map<string, Maintenance>();
  for (const one of live.maintenance.values()) {
    const { subject } = one;
    if (subject.type === "stream") all.set(streamKey(subject.server, subject.name), one);
    const camera = subject.type === "camera" ? live.cameras.get(subject.id) : undefined;
    if (camera !== undefined) all.set(streamKey(camera.server, camera.path), one);
  }
  made.set(live, all);
  return all;
}

/** What excuses this camera, if anything does. */
export function excuseOf(live: LiveState, camera: Pick<CameraStatus, "server" | "path">): Maintenance | null {
  return excused(live).get(streamKey(camera.server, camera.path)) ?? null;
}
