// What is done about a camera in trouble, wherever it is told of: start it again, read its log.

import type { VNode } from "preact";
import { api } from "../api";
import { fullTitle } from "../camera_words";
import { href } from "../router";
import type { CameraStatus } from "../types";
import { m } from "../words/language";
import { ForOperators } from "./access";
import { CommandButton } from "./button";
import { Icon } from "./icons";

export function CameraButtons({ camera }: { camera: CameraStatus }): VNode {
  const title = fullTitle(camera);
  return (
    <>
      {camera.enabled ? (
        <ForOperators>
          <CommandButton label={`${m.overview.restart} ${title}`} run={() => api.restartCamera(camera.id)} done={m.overview.restarting(title)}>
            <Icon name="restart" />
            {m.overview.restart}
          </CommandButton>
        </ForOperators>
      ) : null}
      <a class="button small" href={href({ page: "camera", id: camera.id })} aria-label={`${m.overview.log} ${title}`}>
        {m.overview.log}
      </a>
    </>
  );
}
