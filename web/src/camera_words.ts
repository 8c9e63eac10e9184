// What is said of a camera, in the list and on its own page. Pure; every rule has a test.

import { ago, until } from "./format";
import type { CameraState, CameraStatus } from "./types";

/** States that end by a next try. */
const WAITING: readonly CameraState[] = ["backoff", "degraded", "waiting", "held"];

/** `next try in 12 s`, or nothing where nothing is awaited. */
export function nextTry(camera: CameraStatus, now: number): string | null {
  if (camera.nextStart === null || !WAITING.includes(camera.state)) return null;
  return `next try ${until(camera.nextStart, now)}`;
}

export interface Why {
  words: string;
  /** It is over, or nobody wants the camera. */
  calm: boolean;
}

const TAKEN = "Somebody else publishes to this path. It is tried again when the path is free.";

/** Why a camera is not as it should be, or what the last fault was. */
export function why(camera: CameraStatus): Why | null {
  const calm = camera.state === "running" || (camera.state === "stopped" && !camera.enabled);
  if (camera.lastError !== null) return { words: calm ? `Last fault: ${camera.lastError}` : camera.lastError, calm };
  return camera.state === "held" ? { words: TAKEN, calm: false } : null;
}

const sounds: Record<string, string> = {
  carried: "Carried",
  missing: "The camera has none",
  silent: "None comes: the camera names it and sends none",
};

/** What becomes of a running camera's sound, where that is not what its settings say. */
export function soundWords(camera: CameraStatus): string | null {
  return sounds[camera.sound ?? ""] ?? null;
}

const incidents: Record<string, string> = {
  cameraDown: "Down",
  cameraStalled: "Stalled",
  cameraDegraded: "Degraded",
  otherPublisher: "Path taken",
  planHeld: "Change blocked",
  serverDown: "Server down",
  serviceDown: "Service down",
  recordingPaused: "Recording paused",
};

/** Every kind of incident that is known. */
export const kinds: readonly string[] = Object.keys(incidents);

/** Kind of an incident; one of a later version shows as it is. */
export function incidentWords(kind: string): string {
  return incidents[kind] ?? kind;
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
  return `${down ? "down for" : "for"} ${ago(asItIsSince(camera), now)}`;
}

/** The path, where the title is another one. */
export function pathBeside(camera: Pick<CameraStatus, "name" | "label">): string | null {
  return titleOf(camera) === camera.name ? null : camera.name;
}
