// The signs of the page, drawn here. States differ by shape, not by colour alone.

import type { VNode } from "preact";

const strokes = {
  streams: ["M3 12h3l2-6 4 13 3-10 2 3h4"],
  camera: ["M3 8.5A2.5 2.5 0 0 1 5.5 6h8A2.5 2.5 0 0 1 16 8.5v7a2.5 2.5 0 0 1-2.5 2.5h-8A2.5 2.5 0 0 1 3 15.5z", "M16 10.5l5-3v9l-5-3"],
  film: ["M4 5h16v14H4z", "M8 5v14M16 5v14M4 9.5h4M4 14.5h4M16 9.5h4M16 14.5h4"],
  search: ["M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13z", "M15.5 15.5L20 20"],
  restart: ["M19.5 12a7.5 7.5 0 1 1-2.3-5.4", "M19.8 3.5v4.3h-4.3"],
  edit: ["M5 19l.9-3.9L16.3 4.7a1.5 1.5 0 0 1 2.1 0l.9.9a1.5 1.5 0 0 1 0 2.1L8.9 18.1z", "M14.5 6.5l3 3"],
  trash: ["M5 7h14", "M9.5 7V4.5h5V7", "M6.8 7l.8 12.5h8.8L17.2 7", "M10.3 10.5v5.5M13.7 10.5v5.5"],
  plus: ["M12 5v14M5 12h14"],
  close: ["M6 6l12 12M18 6L6 18"],
  down: ["M12 4v11", "M7 11l5 5 5-5", "M5 20h14"],
  back: ["M14.5 5.5L8 12l6.5 6.5"],
  chevron: ["M9.5 5.5L16 12l-6.5 6.5"],
  sun: ["M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M12 2.5v2.2M12 19.3v2.2M2.5 12h2.2M19.3 12h2.2M5.3 5.3l1.5 1.5M17.2 17.2l1.5 1.5M18.7 5.3l-1.5 1.5M6.8 17.2l-1.5 1.5"],
  moon: ["M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z"],
  auto: ["M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z"],
  unplug: ["M4 20l3.5-3.5", "M13 5.5l5.5 5.5-2.2 2.2a3.9 3.9 0 0 1-5.5-5.5z", "M11 10L8.5 12.5M14 13l-2.5 2.5", "M4.5 4.5l15 15"],
  warn: ["M12 4.5l8.5 15h-17z", "M12 10v4.5M12 17v.2"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  up: ["M12 20V9", "M7 13l5-5 5 5", "M5 4h14"],
  copy: ["M9 9h10v10.5H9z", "M6 15H4.5V4.5H15V6"],
  look: ["M2.8 12S6.2 5.8 12 5.8 21.2 12 21.2 12 17.8 18.2 12 18.2 2.8 12 2.8 12z", "M12 14.6a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2z"],
  play: ["M7.5 4.5l11.5 7.5-11.5 7.5z"],
  pause: ["M4.5 4.5h15v15h-15z", "M9.5 9v6M14.5 9v6"],
  bell: ["M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15z", "M10 20.5h4"],
  wall: ["M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z"],
  full: ["M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"],
  user: ["M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M4.5 20a7.5 7.5 0 0 1 15 0"],
  leave: ["M10 4.5H5v15h5", "M14.5 7.5L19 12l-4.5 4.5", "M19 12H9.5"],
  lock: ["M6 11h12v8.5H6z", "M8.5 11V8a3.5 3.5 0 0 1 7 0v3"],
  key: ["M8 16.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M11.8 12.5H21v3.5M17 12.5v2.5"],
  host: ["M4 5h16v6H4z", "M4 13h16v6H4z", "M7.5 8h.2M7.5 16h.2M11 8h5M11 16h5"],
  pulse: ["M12 20l-7.5-8a4.5 4.5 0 0 1 7.5-4.8A4.5 4.5 0 0 1 19.5 12z"],
  tree: ["M5 4v14.5h6", "M5 10.5h6", "M11 7.5h8.5v6H11z", "M11 15.5h8.5v6H11z"],
} as const;

export type IconName = keyof typeof strokes;

/** A line icon of 20 px; hidden from screen readers, the words beside it speak. */
export function Icon({ name }: { name: IconName }): VNode {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {strokes[name].map((d) => (
        <path d={d} />
      ))}
      {name === "auto" ? <path d="M12 4a8 8 0 0 1 0 16z" class="filled" /> : null}
    </svg>
  );
}

/** Shape of a state: good = dot in a ring, busy = turning arc, warn = triangle, bad = cross, off = hollow ring,
 * unknown = question mark, rec = full dot, held = two bars in a square. */
export type SignName = "good" | "busy" | "warn" | "bad" | "off" | "unknown" | "rec" | "held";

const shapes: Record<SignName, () => VNode> = {
  good: () => (
    <>
      <circle cx="8" cy="8" r="6.2" class="line" />
      <circle cx="8" cy="8" r="3" class="fill" />
    </>
  ),
  busy: () => (
    <>
      <circle cx="8" cy="8" r="6" class="line faint" />
      <path d="M8 2a6 6 0 0 1 6 6" class="line turning" />
    </>
  ),
  warn: () => (
    <>
      <path d="M8 2L14.8 13.8H1.2z" class="fill" />
      <path d="M8 6.5v3.3M8 11.9v.1" class="cut" />
    </>
  ),
  bad: () => (
    <>
      <circle cx="8" cy="8" r="6.9" class="fill" />
      <path d="M5.5 5.5l5 5M10.5 5.5l-5 5" class="cut" />
    </>
  ),
  off: () => <circle cx="8" cy="8" r="5.7" class="line dashed" />,
  unknown: () => (
    <>
      <circle cx="8" cy="8" r="6.2" class="line" />
      <path d="M6.2 6.3a1.9 1.9 0 1 1 2.7 1.8c-.6.3-.9.7-.9 1.3M8 11.6v.1" class="line" />
    </>
  ),
  rec: () => <circle cx="8" cy="8" r="5" class="fill" />,
  held: () => (
    <>
      <rect x="1.6" y="1.6" width="12.8" height="12.8" rx="3" class="fill" />
      <path d="M6 5.2v5.6M10 5.2v5.6" class="cut" />
    </>
  ),
};

export function Sign({ kind }: { kind: SignName }): VNode {
  // Keyed: another state is another drawing, whose movement begins anew.
  return (
    <svg key={kind} class={`sign ${kind}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {shapes[kind]()}
    </svg>
  );
}

/** The mark of the house. */
export function Mark(): VNode {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" class="ground" />
      <path class="wave" d="M7 20.5c2.2 0 2.4-9 4.6-9s2.3 12 4.4 12 2.2-9.6 4.3-9.6" />
      <circle class="tally" cx="23.6" cy="12.2" r="3.2" />
    </svg>
  );
}
