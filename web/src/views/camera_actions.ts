// What the buttons of a camera do, in the list and on its own page.

import { api, sentence } from "../api";
import { fullTitle } from "../camera_words";
import type { CameraStatus } from "../types";
import { confirmDialog } from "../ui/dialog";
import { toast } from "../ui/toast";

/** Runs a command of a button: the button rests meanwhile, a failure is told. */
export async function command(button: HTMLButtonElement, run: () => Promise<unknown>, done: string | null): Promise<void> {
  button.disabled = true;
  try {
    await run();
    if (done !== null) toast(done);
  } catch (error) {
    toast(sentence(error), "bad");
  } finally {
    button.disabled = false;
  }
}

export function restart(button: HTMLButtonElement, camera: CameraStatus): Promise<void> {
  return command(button, () => api.restartCamera(camera.id), `Restarting ${fullTitle(camera)}`);
}

/** Asks, then deletes; `done` runs when it is gone. */
export function remove(camera: CameraStatus, done: () => void = () => undefined): void {
  confirmDialog({
    title: `Delete ${fullTitle(camera)}?`,
    words: "Its restream ends at once and its settings are gone. What was recorded stays.",
    action: "Delete camera",
    run: async () => {
      await api.deleteCamera(camera.id);
      toast(`Deleted ${fullTitle(camera)}`);
      done();
    },
  });
}
