import { expect, test } from "@playwright/test";
import { add, cameras, clear } from "./api";
import { open, recordTexts } from "./page";

test("a camera is restarted and comes back", async ({ page }) => {
  await open(page, "#/cameras");
  const running = page.locator(".cameras tbody tr[data-state=running]").first();
  await expect(running).toBeVisible({ timeout: 60_000 });
  const id = Number(await running.getAttribute("data-camera"));
  const before = (await cameras(page)).find((one) => one.id === id);
  const row = page.locator(`.cameras tr[data-camera="${id}"]`);
  const toasts = await recordTexts(page, ".toast");
  await row.getByRole("button", { name: /^Restart/ }).click();
  await expect.poll(toasts).toContainEqual(expect.stringContaining("Restarting "));
  await expect
    .poll(
      async () => {
        const now = (await cameras(page)).find((one) => one.id === id);
        return now?.state === "running" && Date.parse(now.since) > Date.parse(before?.since ?? "");
      },
      { timeout: 60_000 },
    )
    .toBe(true);
  await expect(row).toHaveAttribute("data-state", "running");
});

test("the sample camera that drops out says that it does so on purpose", async ({ page }) => {
  await open(page, "#/cameras");
  await expect(page.locator(".cameras tbody .name", { hasText: "cam3: drops out on purpose, every 90 s for 8 s" })).toBeVisible();
});

test("what only the server can know stands beside its field, too", async ({ page }) => {
  await open(page, "#/cameras");
  await page.getByRole("button", { name: "Add camera" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a camera" });
  await dialog.getByLabel("Name", { exact: true }).fill((await cameras(page))[0]?.name ?? "");
  await dialog.getByLabel("Host", { exact: true }).fill("192.0.2.1");
  await dialog.getByRole("button", { name: "Add camera" }).click();
  const name = dialog.getByLabel("Name", { exact: true });
  await expect(name).toHaveAttribute("aria-invalid", "true");
  await expect(name).toBeFocused();
  await expect(dialog.locator("#field-name-fault")).toContainText("already");
  // What was typed is not lost by one key.
  await page.keyboard.press("Escape");
  const question = dialog.getByRole("alertdialog", { name: "Discard what was typed?" });
  await expect(question.getByRole("button", { name: "Go on editing" })).toBeFocused();
  await question.getByRole("button", { name: "Go on editing" }).click();
  await expect(name).toHaveValue((await cameras(page))[0]?.name ?? "");
  await page.keyboard.press("Escape");
  await question.getByRole("button", { name: "Discard" }).click();
  await expect(dialog).toHaveCount(0);
});

test("a camera is added, changed and deleted", async ({ page }) => {
  const name = `e2e/test-${Date.now()}`;
  await open(page, "#/cameras");
  await page.getByRole("button", { name: "Add camera" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill(name);
  await dialog.getByRole("radio", { name: "Full URL" }).check();
  // Nobody listens there: the camera is disabled and never called.
  await dialog.getByLabel("URL", { exact: true }).fill("rtsp://127.0.0.1:9/none");
  await dialog.getByText("Pull this camera in").click();
  await dialog.getByRole("button", { name: "Add camera" }).click();
  await expect(dialog).toHaveCount(0);
  const row = page.locator(".cameras tbody tr", { has: page.getByRole("link", { name, exact: true }) });
  await expect(row).toHaveAttribute("data-state", "stopped");

  await row.getByRole("button", { name: `Edit ${name}` }).click();
  await dialog.getByText("Keep what it shows").click();
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(row.locator(".c-record")).toHaveText("No");

  await row.getByRole("button", { name: `Delete ${name}` }).click();
  await page.getByRole("dialog", { name: `Delete ${name}?` }).getByRole("button", { name: "Delete camera" }).click();
  await expect(row).toHaveCount(0);
});

test("a display name is shown first, with the path beside it, and is found by the filter", async ({ page }) => {
  const name = `e2e-label/${Date.now()}`;
  const label = "Eingang Süd (Tor 2)";
  try {
    const id = await add(page, { name, url: "rtsp://127.0.0.1:9/none" });
    await open(page, "#/cameras");
    await page.getByRole("button", { name: `Edit ${name}` }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Display name", { exact: true }).fill(label);
    const sent = page.waitForRequest((one) => one.method() === "PATCH");
    const toasts = await recordTexts(page, ".toast");
    await dialog.getByRole("button", { name: "Save" }).click();
    expect((await sent).postDataJSON()).toEqual({ label });
    await expect.poll(toasts).toContainEqual(expect.stringContaining(`Changed ${label} (${name})`));
    await expect(dialog).toHaveCount(0);
    const row = page.locator(`.cameras tr[data-camera="${id}"]`);
    await expect(row.getByRole("link", { name: label, exact: true })).toBeVisible();
    await expect(row.locator(".c-name small")).toContainText(name);
    // What acts names both; and a camera that is tried again and again is down since its first failure.
    await expect(row.getByRole("button", { name: `Restart ${label} (${name})` })).toBeVisible();
    await expect(row.locator(".c-state")).toContainText(/down for \d/);

    await page.goto("#/");
    await page.getByLabel("Filter streams").fill("süd tor");
    const stream = page.locator(`.streams tr[data-name="${name}"]`);
    await expect(stream.getByRole("link", { name: label, exact: true })).toBeVisible();
    await expect(stream.locator(".c-name")).toContainText(name);
    await expect(page.locator(".streams tbody tr")).toHaveCount(1);

    await page.goto(`#/cameras/${id}`);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(label);
    await expect(page.locator(".headline")).toContainText(name);
  } finally {
    await clear(page, name);
  }
});
