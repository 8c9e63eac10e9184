import { expect, test, type Page } from "@playwright/test";
import { add, cameras, clear, folder, sql } from "./api";
import { open, recordTexts } from "./page";

const START = "e2e-held/";

test.skip(folder === undefined, "needs the database of the demo: DEMO_FOLDER");
test.afterEach(({ page }) => clear(page, START));

/** The demo has three cameras; with four more that run a change may stop at most three. They play what its first camera plays, whose URL is returned. */
async function four(page: Page): Promise<string> {
  const first = (await cameras(page))[0]?.id ?? 1;
  const { url } = (await (await page.request.get(`/api/v1/cameras/${first}/settings`)).json()) as { url: string };
  for (const number of [1, 2, 3, 4]) await add(page, { name: `${START}${number}`, url, record: false });
  const running = async () => (await cameras(page)).filter((one) => one.name.startsWith(START) && one.state === "running").length;
  await expect.poll(running, { timeout: 60_000 }).toBe(4);
  return url;
}

const off = `UPDATE cameras SET enabled = 0 WHERE name LIKE '${START}%'`;
const on = `UPDATE cameras SET enabled = 1 WHERE name LIKE '${START}%'`;

test("a change that would stop most cameras is shown, and confirmed by a person", async ({ page }) => {
  await four(page);
  await open(page, "#/cameras");
  await expect(page.locator(".cameras tbody tr", { hasText: `${START}4` })).toBeVisible();
  sql(off);
  const held = page.locator(".blocked-change");
  await expect(held.getByRole("heading")).toHaveText("A change of the cameras is blocked", { timeout: 60_000 });
  await expect(held).toContainText("would stop 4 of 7 cameras");
  await expect(held.locator(".would-stop li")).toHaveCount(4);
  await expect(held.locator(".would-stop li").first()).toHaveText(`${START}1 it is switched off`);
  await expect(held.locator(".since")).toContainText(/Blocked for \d+/);

  // Every page says it and leads here.
  await page.getByRole("link", { name: "Streams", exact: true }).click();
  const banner = page.locator(".banner[data-key=plan]");
  await expect(banner).toContainText("It would stop 4 of 7 cameras");
  await banner.getByRole("button", { name: "See it" }).click();

  await held.getByRole("button", { name: "Stop 4 cameras" }).click();
  const dialog = page.getByRole("dialog", { name: "Stop 4 cameras?" });
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await dialog.getByRole("button", { name: "Stop 4 cameras" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(held).toBeHidden();
  const stopped = async () => (await cameras(page)).filter((one) => one.name.startsWith(START) && one.state === "stopped").length;
  await expect.poll(stopped).toBe(4);
});

test("a plan that became another is not confirmed, and one that is undone goes by itself", async ({ page }) => {
  const url = await four(page);
  await open(page, "#/cameras");
  sql(off);
  const held = page.locator(".blocked-change");
  await expect(held.getByRole("button", { name: "Stop 4 cameras" })).toBeVisible({ timeout: 60_000 });
  await held.getByRole("button", { name: "Stop 4 cameras" }).click();
  // Meanwhile the table would stop other cameras, too.
  sql(`DELETE FROM cameras WHERE name = '${START}1'`);
  const plan = async () => ((await (await page.request.get("/api/v1/cameras/plan")).json()) as { blocked: { wouldStop: { reason: string }[] } | null }).blocked;
  await expect.poll(async () => (await plan())?.wouldStop[0]?.reason).toBe("its row is gone");
  const toasts = await recordTexts(page, ".toast.bad");
  await page.getByRole("dialog").getByRole("button", { name: "Stop 4 cameras" }).click();
  await expect.poll(toasts).toContainEqual(expect.stringContaining("nothing was stopped"));
  await expect(held.locator(".would-stop li").first()).toHaveText(`${START}1 its row is gone`);
  expect((await cameras(page)).filter((one) => one.name.startsWith(START) && one.state === "stopped")).toEqual([]);

  // Undone: what was switched off is on again, and the row that was deleted is back, with another id.
  sql(`INSERT INTO cameras (name, url, record) VALUES ('${START}1', '${url}', 0)`);
  sql(on);
  await expect(held).toBeHidden({ timeout: 60_000 });
});
