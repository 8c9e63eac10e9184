import { expect, test, type Page } from "@playwright/test";
import { cameras } from "./api";
import { open } from "./page";

/** Where the first camera of the demo is read. */
async function source(page: Page): Promise<string> {
  const id = (await cameras(page)).find((one) => one.name === "cam1")?.id ?? 0;
  const settings = (await (await page.request.get(`/api/v1/cameras/${id}/settings`)).json()) as { url: string };
  return settings.url;
}

test("a camera is tested before it is saved; what is changed after makes the finding old", async ({ page }) => {
  const url = await source(page);
  const before = (await cameras(page)).length;
  await open(page, "#/cameras");
  await page.getByRole("button", { name: "Add camera" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a camera" });
  await dialog.getByRole("radio", { name: "Full URL" }).check();
  const field = dialog.getByLabel("URL", { exact: true });
  const test = dialog.getByRole("button", { name: "Test this camera" });
  // Nothing to look at: said beside the field, no request.
  await test.click();
  await expect(field).toBeFocused();
  await expect(field).toHaveAttribute("aria-invalid", "true");

  // It needs no name for that.
  await field.fill(url);
  // A probe may be over before anybody looks: its answer is held back until what is shown meanwhile was seen.
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/api/v1/cameras/probe*", async (route) => {
    const response = await route.fetch();
    await held;
    await route.fulfill({ response });
  });
  await test.click();
  await expect(dialog.locator(".progress")).toContainText("Probing the camera");
  await expect(test).toBeDisabled();
  release();
  const result = dialog.locator(".probe-result");
  await expect(result).toContainText("It can be pulled in", { timeout: 40_000 });
  await expect(result.locator(".found")).toContainText("H.264");
  await expect(result.locator(".found")).toContainText("AAC");

  await field.fill("rtsp://127.0.0.1:9/none");
  await expect(dialog.locator(".old")).toHaveText("The form was changed since: test again.");
  await expect(result).toHaveAttribute("data-old", "");
  await field.fill(url);
  await expect(dialog.locator(".old")).toBeHidden();

  await field.fill("rtsp://127.0.0.1:9/none");
  await test.click();
  await expect(result).toContainText("Connection refused", { timeout: 40_000 });
  await expect(result.locator(".advice")).toContainText("check that it is on");
  expect(await cameras(page)).toHaveLength(before);
});

test("a saved camera is looked at from its page", async ({ page }) => {
  const id = (await cameras(page)).find((one) => one.name === "cam1")?.id ?? 0;
  await open(page, `#/cameras/${id}`);
  const panel = page.locator(".what-it-sends");
  await panel.getByRole("button", { name: "Probe now" }).click();
  await expect(panel.locator(".probe-result")).toContainText("It can be pulled in", { timeout: 40_000 });
  await expect(panel.locator(".looked")).toContainText(/took/);

  // Opened again, the finding is still there: it was kept.
  await page.reload();
  await expect(panel.locator(".probe-result")).toContainText("H.264");
});
