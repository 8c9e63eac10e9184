// The Health page against a program of its own that probes: one camera of the demo, and an address where nobody listens.

import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { complaints, recorded } from "./page";

const program = resolve(process.env["CARGO_TARGET_DIR"] ?? "../target", "debug/streamwarden");

let child: ChildProcess | null = null;
let folder = "";
let url = "";

/** What the demo knows its media server by. */
async function setting(request: import("@playwright/test").APIRequestContext, key: string): Promise<string> {
  const { items } = (await (await request.get("/api/v1/settings")).json()) as { items: { key: string; value: string | null }[] };
  return items.find((one) => one.key === key)?.value ?? '""';
}

test.beforeAll(async ({ browser }) => {
  const page = await browser.newPage();
  const { stream } = await recorded(page);
  const [api, rtsp] = [await setting(page.request, "servers[0].api_url"), await setting(page.request, "servers[0].rtsp_url")];
  await page.close();
  folder = mkdtempSync(join(tmpdir(), "streamwarden-health-"));
  writeFileSync(
    join(folder, "streamwarden.toml"),
    `roles = ["monitor", "health"]
data_dir = "${folder}/data"
[http]
listen = "127.0.0.1:0"
[[servers]]
api_url = ${api}
rtsp_url = ${rtsp}
[health]
window = "1s"
interval = "5s"
[[health.targets]]
name = "camera"
path = "${stream}"
interval = "1h"
[[health.targets]]
name = "nobody"
url = "rtsp://eve:hunter2@127.0.0.1:9/x"
[[health.endpoints]]
name = "media"
url = ${rtsp}
interval = "1s"
[[health.endpoints]]
name = "site"
url = "https://127.0.0.1:9/hunter2"
interval = "1s"
`,
  );
  child = spawn(program, ["run", "--config", join(folder, "streamwarden.toml")], { stdio: "ignore" });
  await expect
    .poll(() => {
      try {
        const note = JSON.parse(readFileSync(join(folder, "data", "run.json"), "utf8")) as { url: string };
        url = note.url;
      } catch {
        // It has not written it yet.
      }
      return url;
    }, { timeout: 60_000 })
    .toMatch(/^http/);
});

test.afterAll(async () => {
  if (child !== null) {
    const ended = new Promise((done) => child?.on("exit", done));
    child.kill("SIGTERM");
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

test("what is probed is shown with what was found, trouble first", async ({ page }) => {
  const found = complaints(page);
  await page.goto(`${url}/#/health`);
  const out = page.locator("[data-target=nobody]");
  await expect(out).toHaveAttribute("data-state", "out", { timeout: 60_000 });
  await expect(out).toContainText("Connection refused");
  await expect(out).toContainText("rtsp://***@127.0.0.1:9/x");
  await expect(out).toContainText("out for");
  const well = page.locator("[data-target=camera]");
  await expect(well).toHaveAttribute("data-state", "well", { timeout: 60_000 });
  await expect(well).toContainText(/H\.264 \d+×\d+/);
  await expect(well).toContainText(/\d+(\.\d)? fps/);
  await expect(page.locator("[data-target]").first()).toHaveAttribute("data-target", "nobody");
  await expect(page.getByText("2 targets, 1 out")).toBeVisible();
  const down = page.locator("[data-endpoint=site]");
  await expect(down).toHaveAttribute("data-state", "down", { timeout: 60_000 });
  await expect(down).toContainText("Connection refused");
  await expect(down).toContainText("https://127.0.0.1:9");
  const up = page.locator("[data-endpoint=media]");
  await expect(up).toHaveAttribute("data-state", "up");
  await expect(up).toContainText(/\d+(\.\d+)? ms/);
  await expect(up).toContainText(/answer \d/);
  await expect(up).toContainText(/0 of \d/);
  await expect(page.locator("[data-endpoint]").first()).toHaveAttribute("data-endpoint", "site");
  await expect(page.getByText("2 endpoints, 1 down")).toBeVisible();
  expect(await page.content()).not.toContain("hunter2");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}`))).toEqual([]);
  }
  await page.goto(`${url}/#/incidents?open=1`);
  await expect(page.locator(".incidents")).toContainText("Probe failed");
  await expect(page.locator(".incidents")).toContainText("Target nobody");
  await expect(page.locator(".incidents")).toContainText("Endpoint down");
  expect(found).toEqual([]);
});

test("without a target the page says how to name one", async ({ page }) => {
  await page.goto("/#/health");
  await expect(page.getByRole("heading", { name: "Nothing is probed" })).toBeVisible();
  await expect(page.getByText("[[health.targets]]")).toBeVisible();
  await expect(page.getByRole("heading", { name: "No endpoint is probed" })).toBeVisible();
  await expect(page.getByText("[[health.endpoints]]")).toBeVisible();
});
