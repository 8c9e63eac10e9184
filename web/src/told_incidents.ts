// The incidents of the WebSocket, as one that changes only when one of them does.

import { computed } from "@preact/signals";
import { live } from "./model";
import type { LiveState } from "./store";

type Table = LiveState["incidents"];

/** Whether both hold the same: an incident that has changed is another object. */
const isSame = (one: Table, other: Table) => one.size === other.size && [...one].every(([key, item]) => other.get(key) === item);

let told: Table = new Map();

/** Another table with every incident that begins, ends, is judged or gets a remark, and with nothing else. */
export const toldIncidents = computed(() => {
  const { incidents } = live.value;
  if (!isSame(told, incidents)) told = incidents;
  return told;
});
