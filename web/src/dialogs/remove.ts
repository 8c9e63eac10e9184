// Deleting a camera, after a question.

import { api } from "../api";
import { fullTitle } from "../camera_words";
import { confirmDialog } from "../components/dialog";
import { toast } from "../components/toast";
import { m } from "../words/language";
import type { CameraStatus } from "../types";

/** `done` runs when it is gone. */
export function removeCamera(camera: CameraStatus, done: () => void): void {
  confirmDialog({
    title: m.cameras.removeTitle(fullTitle(camera)),
    words: m.cameras.removeWords,
    action: m.cameras.removeAction,
    run: async () => {
      await api.deleteCamera(camera.id);
      toast(m.cameras.removed(fullTitle(camera)));
      // After the dialog has given the focus back.
      setTimeout(done);
    },
  });
}
