import { execFileSync } from "node:child_process";
import { expect, test } from "@playwright/test";
import { complaints, open, recorded } from "./page";

test("a recording plays, and its clock goes with it", async ({ page }) => {
  const { stream } = await recorded(page);
  const found = complaints(page);
  await open(page, "#/recordings");
  await page.getByRole("link", { name: stream, exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: stream })).toBeVisible();
  const time = () => page.locator("video").evaluate((video: HTMLVideoElement) => video.currentTime);
  await expect.poll(time, { timeout: 30_000 }).toBeGreaterThan(0.5);
  const before = await time();
  await expect.poll(time).toBeGreaterThan(before + 1);
  expect(await page.locator("video").evaluate((video: HTMLVideoElement) => video.videoWidth)).toBeGreaterThan(0);
  await expect(page.locator(".clock time")).toHaveText(/^\d\d:\d\d:\d\d$/);
  await expect(page.locator(".timeline .block").first()).toBeVisible();
  expect(found).toEqual([]);
});

test("a segment can be taken as a file, whole and in parts, and a stretch over several as one", async ({ page }) => {
  const { server, stream } = await recorded(page);
  await open(page, `#/recordings/${encodeURIComponent(server)}/${encodeURIComponent(stream)}`);
  const link = page.locator(".segments a[download]").first();
  await expect(link).toBeVisible();
  const address = (await link.getAttribute("href")) ?? "";
  const part = await page.request.get(address, { headers: { range: "bytes=4-7" } });
  expect(part.status()).toBe(206);
  expect(await part.text()).toBe("ftyp");
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  expect(download.suggestedFilename()).toMatch(/_\d{8}_\d{6}Z\.mp4$/);
  // A stretch over the border of two segments is one file.
  const all = async () => ((await (await page.request.get(`/api/v1/recordings/${encodeURIComponent(stream)}/segments?server=${server}&limit=5`)).json()) as { items: { startedAt: string; durationMs: number; state: string }[] }).items;
  await expect.poll(async () => (await all()).filter((one) => one.durationMs > 0).length, { timeout: 60_000 }).toBeGreaterThan(1);
  const border = Date.parse((await all())[1]?.startedAt ?? "");
  // A whole minute is written without its seconds.
  const field = (at: number) => new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace(/:00$/, "");
  const form = page.locator(".stretch-download");
  await form.getByLabel("From").fill(field(border - 4_000));
  await form.getByLabel("To", { exact: true }).fill(field(border + 4_000));
  const [stretch] = await Promise.all([page.waitForEvent("download"), form.getByRole("button", { name: "Download this stretch" }).click()]);
  const told = execFileSync("ffprobe", ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", (await stretch.path()) ?? ""], { encoding: "utf8" });
  // To the key frame before the begin: one a second.
  expect(Number.parseFloat(told)).toBeGreaterThan(7);
  expect(Number.parseFloat(told)).toBeLessThan(10.5);
});

test("hls.js is fetched by the player only", async ({ page }) => {
  const { server, stream } = await recorded(page);
  const scripts: string[] = [];
  page.on("request", (request) => {
    if (request.resourceType() === "script") scripts.push(request.url());
  });
  await open(page);
  expect(scripts.some((one) => one.includes("hls"))).toBe(false);
  await page.goto(`/#/recordings/${encodeURIComponent(server)}/${encodeURIComponent(stream)}`);
  await expect.poll(() => scripts.some((one) => one.includes("hls"))).toBe(true);
});

test("a recording that goes on is opened at its last minute, and one steps back and on", async ({ page }) => {
  const { server, stream } = await recorded(page);
  // Long enough that its last minute is not its first.
  const long = async () => {
    const { items } = (await (await page.request.get("/api/v1/recordings")).json()) as { items: { stream: string; durationMs: number }[] };
    return items.find((one) => one.stream === stream)?.durationMs ?? 0;
  };
  await expect.poll(long, { timeout: 100_000 }).toBeGreaterThan(75_000);
  await open(page, `#/recordings/${encodeURIComponent(server)}/${encodeURIComponent(stream)}`);
  const shown = async () => {
    const [day, time] = await Promise.all([page.locator(".clock span").textContent(), page.locator(".clock time").textContent()]);
    return Date.parse(`${day ?? ""}T${time ?? ""}`);
  };
  await expect.poll(shown, { timeout: 30_000 }).toBeGreaterThan(Date.now() - 90_000);
  // The segment that plays is marked, and any other is gone to.
  await expect(page.locator(".segments tr[aria-current]")).toHaveCount(1);
  // The newest is listed first.
  const first = page.locator(".segments tbody tr").last();
  await first.getByRole("button", { name: /^Play from / }).click();
  await expect(first).toHaveAttribute("aria-current", "time");
  await page.getByRole("button", { name: "Newest" }).click();
  await expect(first).not.toHaveAttribute("aria-current");
  const before = await shown();
  await page.getByRole("button", { name: "−10 s" }).click();
  await expect.poll(shown).toBeLessThan(before - 4_000);
  await page.getByRole("button", { name: "Newest" }).click();
  await expect.poll(shown).toBeGreaterThan(before - 4_000);
  // By keys, too: it stands still, and the address leads back to what is shown.
  await page.locator("h1").click();
  await page.keyboard.press(" ");
  const paused = () => page.locator("video").evaluate((video: HTMLVideoElement) => video.paused);
  await expect.poll(paused).toBe(true);
  const stands = await shown();
  const kept = () => Date.parse(new URLSearchParams(new URL(page.url()).hash.split("?")[1] ?? "").get("at") ?? "");
  await expect.poll(() => Math.abs(kept() - stands)).toBeLessThan(1_500);
  await page.keyboard.press("ArrowLeft");
  await expect.poll(shown).toBeLessThan(stands - 8_000);
  await page.reload();
  await expect.poll(async () => Math.abs((await shown()) - stands), { timeout: 30_000 }).toBeLessThan(16_000);
  // A drag on the strip shows a part of the day closer, and a button all of it.
  const strip = page.locator(".strip");
  await strip.scrollIntoViewIfNeeded();
  const range = () => strip.evaluate((one) => Number(one.getAttribute("aria-valuemax")) - Number(one.getAttribute("aria-valuemin")));
  const whole = await range();
  const box = await strip.boundingBox();
  if (box === null) throw new Error("the strip has no place");
  await page.mouse.move(box.x + box.width * 0.2, box.y + 10);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 10);
  await page.mouse.move(box.x + box.width * 0.45, box.y + 10);
  await page.mouse.up();
  await expect.poll(async () => (await range()) / whole).toBeLessThan(0.3);
  await page.getByRole("button", { name: "Whole day" }).click();
  await expect.poll(async () => (await range()) / whole).toBeGreaterThan(0.9);
});

test("a day of completeness leads to what was recorded, and a stretch is chosen on the strip", async ({ page }) => {
  const { stream } = await recorded(page);
  await open(page, "#/recordings");
  await page.getByRole("link", { name: "How complete is it?" }).click();
  await page.getByRole("button", { name: new RegExp(`^${stream}, \\d{4}-\\d\\d-\\d\\d: (whole|[\\d.]+ %)`) }).last().click();
  await expect(page).toHaveURL(/completeness\?.*day=/);
  const day = page.locator(".gap-day");
  await expect(day).toContainText("is stored");
  await day.getByRole("link", { name: /^Play (this day|what was recorded)/ }).last().click();
  await expect(page).toHaveURL(/#\/recordings\/.*at=/);
  await page.getByRole("button", { name: "Choose a stretch" }).click();
  const from = page.locator(".stretch-download").getByLabel("From");
  const before = await from.inputValue();
  await page.locator(".strip").scrollIntoViewIfNeeded();
  const box = await page.locator(".strip").boundingBox();
  if (box === null) throw new Error("no strip");
  await page.mouse.move(box.x + box.width * 0.3, box.y + 8);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 8, { steps: 4 });
  await page.mouse.up();
  await expect(page.locator(".strip .stretch")).toBeVisible();
  await expect(from).not.toHaveValue(before);
  // By keys: the begin goes to the moment that is shown.
  const chosen = await from.inputValue();
  await page.locator(".strip").press("End");
  await page.locator(".strip").press("[");
  await expect(from).not.toHaveValue(chosen);
});

test("what is typed, and what is being downloaded, stays while another session is looked at", async ({ page }) => {
  const { server, stream } = await recorded(page);
  await page.route("**/sessions?*", async (route) => {
    const response = await route.fetch();
    const { items } = (await response.json()) as { items: { id: string; startedAt: string }[] };
    const before = (ms: number) => new Date(Date.parse(items[0]?.startedAt ?? "") - ms).toISOString();
    const earlier = { ...items[0], id: "0190a000-0000-7000-8000-000000000001", startedAt: before(20_000), endedAt: before(10_000), durationMs: 10_000, endReason: "the test" };
    await route.fulfill({ response, json: { items: [earlier, ...items] } });
  });
  // No file comes.
  await page.route(/recordings\/segments\/[0-9a-f-]{36}$/, () => undefined);
  await open(page, `#/recordings/${encodeURIComponent(server)}/${encodeURIComponent(stream)}`);
  const form = page.locator(".stretch-download");
  const [from, to] = [form.getByLabel("From"), form.getByLabel("To", { exact: true })];
  await expect(from).not.toHaveValue("");
  await from.fill("2026-03-01T10:00:05");
  await to.fill("2099-03-01T10:00:07");
  await form.getByRole("button", { name: "Download this stretch" }).click();
  const cancel = form.getByRole("button", { name: "Cancel" });
  await expect(cancel).toBeVisible();
  const earlier = page.locator(".sessions button").last();
  await earlier.click();
  await expect(earlier).toHaveAttribute("aria-current", "true");
  await expect(cancel).toBeVisible();
  await expect(from).toHaveValue("2026-03-01T10:00:05");
  await cancel.click();
  await expect(cancel).toHaveCount(0);
  await expect(to).toHaveValue("2099-03-01T10:00:07");
  await page.unrouteAll({ behavior: "ignoreErrors" });
});
