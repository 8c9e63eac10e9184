import { expect, test, type Page } from "@playwright/test";
import { complaints, open } from "./page";

const live = ".streams tbody tr[data-state=live]";

interface Shown {
  name: string;
  rate: string;
  tracks: number;
  line: string;
}

/** What the live rows show at this moment. */
function shown(page: Page): Promise<Shown[]> {
  return page.locator(live).evaluateAll((rows) =>
    rows.map((row) => ({
      name: row.querySelector(".name")?.textContent ?? "",
      rate: row.querySelector(".rate")?.textContent ?? "",
      tracks: row.querySelectorAll(".tag").length,
      line: row.querySelector(".spark .line")?.getAttribute("d") ?? "",
    })),
  );
}

test("shows three live streams whose bitrates move, without a complaint of the browser", async ({ page }) => {
  test.setTimeout(240_000);
  const found = complaints(page);
  await open(page);
  // One camera of the demo drops out now and then: wait for a moment when all are there and complete.
  const rates = new Map<string, Set<string>>();
  await expect
    .poll(
      async () => {
        const rows = await shown(page);
        const complete = rows.filter((row) => row.rate.includes("bit/s") && row.tracks > 0 && /^M.+L/.test(row.line));
        for (const row of complete) rates.set(row.name, (rates.get(row.name) ?? new Set()).add(row.rate));
        return complete.length;
      },
      { message: "rows that are live at the same time", timeout: 120_000, intervals: [500] },
    )
    .toBeGreaterThanOrEqual(3);
  await expect
    .poll(
      async () => {
        for (const row of await shown(page)) rates.set(row.name, (rates.get(row.name) ?? new Set()).add(row.rate));
        return [...rates.values()].filter((seen) => seen.size > 1).length;
      },
      { message: "streams whose bitrate has changed", timeout: 90_000, intervals: [500] },
    )
    .toBeGreaterThanOrEqual(3);
  expect(found).toEqual([]);
});

test("filters by word and by state, from the keyboard", async ({ page }) => {
  await open(page);
  await expect(page.locator(".streams tbody tr").first()).toBeVisible();
  const name = (await page.locator(".streams .name").first().textContent()) ?? "";
  await page.keyboard.press("/");
  await page.keyboard.type(name);
  await expect(page.locator(".streams .name").first()).toHaveText(name);
  await page.keyboard.type(" nothing-is-called-this");
  await expect(page.getByRole("heading", { name: "No stream matches" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.locator(".streams tbody tr").first()).toBeVisible();
  const tile = page.getByRole("button", { name: /live/ });
  await tile.click();
  await expect(tile).toHaveAttribute("aria-pressed", "true");
  await expect(page.locator(".streams tbody tr:not([data-state=live])")).toHaveCount(0);
});

test("sorts by a click on a heading, and says so", async ({ page }) => {
  await open(page);
  const heading = page.getByRole("columnheader", { name: "Readers" });
  await heading.getByRole("button").click();
  await expect(heading).toHaveAttribute("aria-sort", "ascending");
  await heading.getByRole("button").click();
  await expect(heading).toHaveAttribute("aria-sort", "descending");
});

/** How many pixels of the chart have the colour of its line. */
function drawn(page: Page): Promise<number> {
  return page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>(".chart canvas");
    const context = canvas?.getContext("2d") ?? null;
    if (canvas === null || context === null || canvas.width === 0) return 0;
    const probe = document.createElement("i");
    probe.style.color = "var(--spark)";
    document.body.append(probe);
    const [red = 0, green = 0, blue = 0] = getComputedStyle(probe).color.match(/\d+/g)?.map(Number) ?? [];
    probe.remove();
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4) if (Math.abs((data[at] ?? 0) - red) + Math.abs((data[at + 1] ?? 0) - green) + Math.abs((data[at + 2] ?? 0) - blue) < 40 && (data[at + 3] ?? 0) > 150) count += 1;
    return count;
  });
}

test("one stream has a page of its own with its history", async ({ page }) => {
  await open(page);
  const link = page.locator(`${live} .name`).first();
  const name = (await link.textContent()) ?? "";
  await link.click();
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  await expect.poll(() => drawn(page), { timeout: 30_000, message: "pixels of the line" }).toBeGreaterThan(20);
  await expect(page.locator(".facts").first()).toContainText("bit/s");
  await page.getByRole("button", { name: "1 h" }).click();
  await expect(page.getByRole("button", { name: "1 h" })).toHaveAttribute("aria-pressed", "true");
  // The span is in the address.
  await page.reload();
  await expect(page.getByRole("button", { name: "1 h" })).toHaveAttribute("aria-pressed", "true");
});

test("a chart is read by keys, and a drag chooses a shorter span", async ({ page }) => {
  await open(page);
  await page.locator(`${live} .name`).first().click();
  await expect.poll(() => drawn(page), { timeout: 30_000 }).toBeGreaterThan(20);
  const plot = page.locator(".chart .plot").first();
  await plot.focus();
  await page.keyboard.press("ArrowLeft");
  await expect(plot).toHaveAttribute("aria-valuetext", /bit\/s.*reader/);
  const before = await plot.getAttribute("aria-valuetext");
  await page.keyboard.press("ArrowLeft");
  await expect(plot).not.toHaveAttribute("aria-valuetext", before ?? "");

  const box = await page.locator(".chart .u-over").first().boundingBox();
  if (box === null) throw new Error("the chart has no place");
  const at = (share: number) => [box.x + box.width * share, box.y + box.height / 2] as const;
  const asked = page.waitForRequest((request) => request.url().includes("/history") && !request.url().includes("points=75"));
  await page.mouse.move(...at(0.6));
  await page.mouse.down();
  await page.mouse.move(...at(0.7));
  await page.mouse.move(...at(0.8));
  await page.mouse.up();
  await expect(page).toHaveURL(/from=.+&to=/);
  const { searchParams } = new URL((await asked).url());
  const width = Date.parse(searchParams.get("to") ?? "") - Date.parse(searchParams.get("from") ?? "");
  expect(width).toBeGreaterThan(2.5 * 60_000);
  expect(width).toBeLessThan(3.5 * 60_000);
  // On the axis of time a drag takes the span along: earlier by half of it.
  const span = () => {
    const query = new URLSearchParams(new URL(page.url()).hash.split("?")[1] ?? "");
    return Date.parse(query.get("from") ?? "");
  };
  const earlier = span();
  // What stands above it says the span by now, and may have moved the axis below the window.
  await plot.evaluate((element) => element.scrollIntoView({ block: "center" }));
  await plot.hover();
  const place = await page.locator(".chart .u-over").first().boundingBox();
  if (place === null) throw new Error("the chart has no place");
  await page.mouse.move(place.x + place.width * 0.25, place.y + place.height + 12);
  await page.mouse.down();
  await page.mouse.move(place.x + place.width * 0.5, place.y + place.height + 12);
  await page.mouse.move(place.x + place.width * 0.75, place.y + place.height + 12);
  await page.mouse.up();
  await expect.poll(() => (earlier - span()) / width).toBeGreaterThan(0.4);
  expect((earlier - span()) / width).toBeLessThan(0.6);
  await page.getByRole("button", { name: "Back to live" }).click();
  await expect(page).not.toHaveURL(/from=/);
});

test("light and dark can be chosen and are remembered", async ({ page }) => {
  await open(page);
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.getByRole("button", { name: /Change to light/ }).click();
  const light = await ground();
  await page.getByRole("button", { name: /Change to dark/ }).click();
  expect(await ground()).not.toBe(light);
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});
