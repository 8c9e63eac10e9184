import { readFileSync } from "node:fs";
import { expect, test, type Locator, type Page } from "@playwright/test";
import { add, cameras, clear } from "./api";
import { open, recordTexts } from "./page";

const START = "e2e-csv/";

test.afterEach(({ page }) => clear(page, START));

async function dialog(page: Page): Promise<Locator> {
  await open(page, "#/cameras");
  await page.getByRole("button", { name: "Import cameras from CSV" }).click();
  return page.getByRole("dialog", { name: "Import cameras" });
}

async function choose(page: Page, dialog: Locator, csv: string | Buffer): Promise<void> {
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), dialog.getByRole("button", { name: "Choose a CSV file" }).click()]);
  await chooser.setFiles({ name: "site.csv", mimeType: "text/csv", buffer: Buffer.from(csv) });
}

const mine = async (page: Page) => (await cameras(page)).filter((one) => one.name.startsWith(START));

test("cameras come from a file, after a look at what it would change", async ({ page }) => {
  const id = await add(page, { name: `${START}a`, host: "127.0.0.1", port: 9, enabled: false });
  const csv = `name,host,port,enabled\n${START}a,127.0.0.2,9,false\n${START}b,127.0.0.3,9,false\n`;
  const form = await dialog(page);
  const go = form.locator("button[type=submit]");
  await expect(go).toBeDisabled();
  await choose(page, form, csv);
  await expect(form.locator(".forecast")).toContainText("1 camera to add, 1 camera to change.");
  expect(await mine(page)).toHaveLength(1);
  await expect(go).toHaveText("Import 2 cameras");
  const toasts = await recordTexts(page, ".toast");
  await go.click();
  await expect(form).toHaveCount(0);
  await expect.poll(toasts).toEqual(["1 camera added, 1 camera changed"]);
  await expect.poll(async () => (await mine(page)).length).toBe(2);
  const settings: unknown = await (await page.request.get(`/api/v1/cameras/${id}/settings`)).json();
  expect(settings).toMatchObject({ host: "127.0.0.2" });

  // The same file once more changes nothing.
  await page.getByRole("button", { name: "Import cameras from CSV" }).click();
  await choose(page, form, csv);
  await expect(form.locator(".forecast")).toContainText("2 cameras stay as they are.");
  await expect(go).toBeDisabled();
});

test("a file with faults changes nothing and tells them by line", async ({ page }) => {
  const form = await dialog(page);
  await choose(page, form, `name,host,port\n${START}x,127.0.0.1,9\n${START}y,,9\n../z,127.0.0.1,70000\n`);
  await expect(form.locator(".forecast")).toContainText("Nothing is imported");
  await expect(form.locator(".faults li").first()).toContainText("Line 3, host");
  await expect(form.locator(".faults")).toContainText("Line 4, name");
  await expect(form.locator("button[type=submit]")).toBeDisabled();
  await choose(page, form, Buffer.from([0x6e, 0xfc]));
  await expect(form.locator(".forecast")).toContainText("no UTF-8");
  expect(await mine(page)).toEqual([]);
});

test("all cameras can be taken as a file, without passwords", async ({ page }) => {
  await add(page, { name: `${START}secret`, host: "127.0.0.1", port: 9, username: "viewer", password: "s3cret", enabled: false });
  await open(page, "#/cameras");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export the cameras as CSV" }).click()]);
  expect(download.suggestedFilename()).toBe("cameras.csv");
  const text = readFileSync(await download.path(), "utf8");
  expect(text).toContain(`${START}secret`);
  expect(text).toContain("cam1");
  expect(text).not.toContain("s3cret");
});
