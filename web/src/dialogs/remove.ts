// Deleting a camera, after a question.

import { api } from "../api";
import { fullTitle } from "../camera_words";
import { confirmDialog } from "../components/dialog";
import { toast } from "../components/toast";
import type { CameraStatus } from "../types";

/** `done` runs when it is gone. */
export function removeCamera(camera: CameraStatus, done: () => void): void {
  confirmDialog({
    title: `Delete ${fullTitle(camera)}?`,
    words: "Its restream ends at once and its settings are gone. What was recorded stays.",
    action: "Delete camera",
    run: async () => {
      await api.deleteCamera(camera.id);
      toast(`Deleted ${fullTitle(camera)}`);
      // After the dialog has given the focus back.
      setTimeout(done);
    },
  });
}
