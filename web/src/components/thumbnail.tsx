// A small picture of what was recorded last of a stream; nothing where the server makes none.

import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { model } from "../model";
import { pictures } from "../pictures";

interface Props {
  server: string;
  name: string;
  /** Something of it was, or is being, recorded. */
  recorded: boolean;
}

export function Thumbnail({ server, name, recorded }: Props): VNode | null {
  const wanted = recorded && (model.value.status?.thumbnails ?? null) !== null;
  useEffect(() => (wanted ? pictures.watch(server, name) : undefined), [server, name, wanted]);
  const picture = wanted ? pictures.of(server, name) : null;
  return picture === null ? null : <img class="thumbnail" src={picture} alt="" />;
}
