import { expect, test, type Page } from "@playwright/test";
import { add, cameras, clear } from "./api";
import { complaints, open, plainFrames, recordTexts } from "./page";

const START = "e2e-one/";

test.afterEach(({ page }) => clear(page, START));

/** The page of a camera that is running, opened from the list. */
async function running(page: Page): Promise<string> {
  await open(page, "#/cameras");
  const row = page.locator(".cameras tbody tr[data-state=running]").first();
  await expect(row).toBeVisible({ timeout: 60_000 });
  const name = (await row.locator(".name").textContent()) ?? "";
  await row.getByRole("link", { name, exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  return name;
}

test("a camera has a page of its own, with the ways to its stream and its recordings", async ({ page }) => {
  const found = complaints(page);
  const name = await running(page);
  await expect(page.locator(".status-line")).toContainText("Running");
  await expect(page.locator(".facts")).toContainText("rtsp://127.0.0.1");
  await page.getByRole("link", { name: "Stream", exact: true }).click();
  await expect(page.locator(".chart").first()).toBeVisible();
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  expect(found.filter((words) => !words.includes("404"))).toEqual([]);
});

test("its log shows how ffmpeg ended, goes on while it is looked at, and can be copied", async ({ page, context }) => {
  const { origin } = new URL(page.url() === "about:blank" ? (test.info().project.use.baseURL ?? "") : page.url());
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  await running(page);
  const log = page.locator(".log");
  await expect(log.locator(".runs > li").first()).toContainText(/ffmpeg \d+, running/);
  const before = (await log.locator(".runs > li").first().locator(".ending").textContent())?.split(",")[0] ?? "";
  await page.getByRole("button", { name: "Restart" }).click();
  // The run that ended and the one after it; nothing is reloaded.
  const ended = log.locator(".runs > li", { hasText: `${before}:` });
  await expect(ended).toHaveCount(1, { timeout: 60_000 });
  await expect(log.locator(".runs > li").first()).toContainText(/ffmpeg \d+, running/);
  const toasts = await recordTexts(page, ".toast");
  await log.getByRole("button", { name: "Copy the log" }).click();
  await expect.poll(toasts).toContainEqual(expect.stringMatching(/runs? copied/));
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^ffmpeg \d+, .+Z still running/);
});

test("its log is asked for while it is looked at, and no longer", async ({ page }) => {
  await page.clock.install();
  let asked = 0;
  page.on("request", (request) => (asked += request.url().endsWith("/log") ? 1 : 0));
  /** How often it is asked for in a quarter of a minute. */
  const during = async () => {
    const before = asked;
    for (let second = 0; second < 15; second += 1) {
      await page.clock.runFor(1_000);
      // A round trip through the page: what it has asked for is known here.
      await page.evaluate(() => fetch("health"));
    }
    return asked - before;
  };
  await running(page);
  expect(await during()).toBeGreaterThan(3);
  await page.evaluate(() => Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "hidden" }));
  expect(await during()).toBe(0);
  await page.evaluate(() => Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "visible" }));
  expect(await during()).toBeGreaterThan(3);
  await page.getByRole("link", { name: "Cameras", exact: true }).first().click();
  await expect(page.locator("table.cameras")).toBeVisible();
  expect(await during()).toBe(0);
});

test("a camera that fails says why, counts down to its next try, and has an incident", async ({ page }) => {
  const name = `${START}refused`;
  const id = await add(page, { name, url: "rtsp://127.0.0.1:9/none", record: false });
  await open(page, `#/cameras/${id}`);
  await expect(page.locator(".why")).toContainText("onnection refused");
  // The seconds go by themselves.
  const next = page.locator(".status-line .next");
  await expect(next).toHaveText(/next try in \d+ s/, { timeout: 60_000 });
  const first = await next.textContent();
  await expect(next).not.toHaveText(first ?? "");

  const incident = page.locator(".incidents li").first();
  await expect(incident).toContainText("onnection refused", { timeout: 60_000 });
  await expect(incident).toContainText("not over");
  // Its verdict is lines to read, not a column of letters.
  await expect.poll(async () => (await incident.locator(".verdict").boundingBox())?.width ?? 0, { timeout: 60_000 }).toBeGreaterThan(300);

  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete camera" }).click();
  await expect(page).toHaveURL(/#\/cameras$/);
  await expect.poll(async () => (await cameras(page)).some((one) => one.id === id)).toBe(false);
});

test("a camera whose path is taken has its own word, colour and sentence", async ({ page }) => {
  // Who fights whom is the server's business: here its news are changed on their way.
  const nextStart = new Date(Date.now() + 50_000).toISOString();
  await plainFrames(page);
  await page.routeWebSocket(/\/api\/v1\/ws(\?|$)/, (route) => {
    const server = route.connectToServer();
    const taken = new Set<unknown>();
    server.onMessage((message) => {
      const news = JSON.parse(String(message)) as Record<string, unknown>;
      for (const list of [news["items"], news["upsert"], news["update"]]) {
        for (const { kind, item } of (list ?? []) as { kind: string; item: Record<string, unknown> }[]) {
          // A change tells the id and no name.
          if (kind === "camera" && item["name"] === "cam1") taken.add(item["id"]);
          if (kind === "camera" && taken.has(item["id"])) Object.assign(item, { state: "held", lastError: null, nextStart });
        }
      }
      route.send(JSON.stringify(news));
    });
  });
  await open(page, "#/cameras");
  const row = page.locator(".cameras tbody tr[data-state=held]");
  await expect(row.locator(".badge")).toHaveText("Path taken");
  await expect(row.locator(".reason")).toContainText("Somebody else publishes to this path");
  await expect(row.locator(".next")).toHaveText(/next try in \d+ s/);
  const colour = await row.locator(".badge").evaluate((badge) => getComputedStyle(badge).color);
  expect(colour).toBe("rgb(138, 42, 120)");
  await row.getByRole("link", { name: "cam1" }).click();
  await expect(page.locator(".why")).toContainText("Somebody else publishes to this path");
});

test("a camera that is not there says so", async ({ page }) => {
  await open(page, "#/cameras/999999");
  await expect(page.getByRole("heading", { name: "This camera is not there any more" })).toBeVisible();
  await page.getByRole("link", { name: "See all cameras" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Cameras" })).toBeVisible();
});
