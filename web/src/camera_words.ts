// What is said of a camera, in the list and on its own page. Pure; every rule has a test.

import { ago, until } from "./format";
import { m } from "./words/language";
import type { CameraState, CameraStatus, Incident } from "./types";

/** States that end by a next try. */
const WAITING: readonly CameraState[] = ["backoff", "degraded", "waiting", "held"];

/** `next try in 12 s`, or nothing where nothing is awaited. */
export function nextTry(camera: CameraStatus, now: number): string | null {
  if (camera.nextStart === null || !WAITING.includes(camera.state)) return null;
  return m.camera.nextTry(until(camera.nextStart, now));
}

export interface Why {
  words: string;
  /** It is over, or nobody wants the camera. */
  calm: boolean;
}

/** Why a camera is not as it should be, or what the last fault was. */
export function why(camera: CameraStatus): Why | null {
  const calm = camera.state === "running" || (camera.state === "stopped" && !camera.enabled);
  if (camera.lastError !== null) return { words: calm ? m.camera.lastFault(camera.lastError) : camera.lastError, calm };
  return camera.state === "held" ? { words: m.camera.taken, calm: false } : null;
}

/** What becomes of a running camera's sound, where that is not what its settings say. */
export function soundWords(camera: CameraStatus): string | null {
  return m.camera.sounds[camera.sound ?? ""] ?? null;
}

/** Every kind of incident that is known. */
export const kinds: readonly string[] = Object.keys(m.camera.incidents);

/** Kind of an incident; one of a later version shows as it is. */
export function incidentWords(kind: string): string {
  return m.camera.incidents[kind] ?? kind;
}

/** Whom an incident happened to, in words that a filter searches. */
export function subjectWords({ subject }: Pick<Incident, "subject">): string {
  if (subject.type === "camera") return fullTitle({ name: subject.name, label: subject.label ?? null });
  if (subject.type === "disk") return m.overview.disk(subject.name, subject.host);
  return subject.type === "stream" ? `${subject.name} (${subject.server})` : subject.name;
}

/** What a camera is called: its display name, or the path it is published under. */
export function titleOf(camera: Pick<CameraStatus, "name" | "label">): string {
  const { label } = camera;
  return label === null || label === undefined || label === "" ? camera.name : label;
}

/** Where it is acted on, both: the display name, and the path that it is published under. */
export function fullTitle(camera: Pick<CameraStatus, "name" | "label">): string {
  const path = pathBeside(camera);
  return path === null ? camera.name : `${titleOf(camera)} (${path})`;
}

/** Since when it is as it is: a camera that is tried again and again is down since its first failure. */
export function asItIsSince(camera: Pick<CameraStatus, "since" | "downSince">): string {
  return camera.downSince ?? camera.since;
}

/** `for 3 min`, `down for 3 min`. */
export function lasting(camera: Pick<CameraStatus, "since" | "downSince">, now: number): string {
  const down = (camera.downSince ?? null) !== null;
  const time = ago(asItIsSince(camera), now);
  return down ? m.camera.downLasting(time) : m.camera.lasting(time);
}

/** The path, where the title is another one. */
export function pathBeside(camera: Pick<CameraStatus, "name" | "label">): string | null {
  return titleOf(camera) === camera.name ? null : camera.name;
}
