// What tests of cameras do behind the page's back, by the API and in the demo's own database.

import { execFileSync } from "node:child_process";
import { expect, type Page } from "@playwright/test";

export interface Camera {
  id: number;
  name: string;
  state: string;
  since: string;
  enabled: boolean;
}

/** Where the demo that is tested keeps its things; `.ci/browser` tells it. */
export const folder = process.env["DEMO_FOLDER"];

export async function cameras(page: Page): Promise<Camera[]> {
  return ((await (await page.request.get("/api/v1/cameras")).json()) as { items: Camera[] }).items;
}

/** Adds a camera and returns its id. */
export async function add(page: Page, edit: Record<string, unknown>): Promise<number> {
  const answer = await page.request.post("/api/v1/cameras", { data: edit });
  expect(answer.status(), await answer.text()).toBe(201);
  return ((await answer.json()) as Camera).id;
}

/** Deletes the cameras whose names begin so: a test leaves none behind. */
export async function clear(page: Page, start: string): Promise<void> {
  for (const camera of await cameras(page)) if (camera.name.startsWith(start)) await page.request.delete(`/api/v1/cameras/${camera.id}`);
}

/** Changes the demo's table as somebody with a database client would. */
export function sql(statement: string): void {
  execFileSync("sqlite3", ["-cmd", ".timeout 10000", `${folder ?? ""}/streamwarden.db`, statement], { stdio: "pipe" });
}
