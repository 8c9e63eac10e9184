// Copying, also where the page came over plain HTTP from another machine: there the browser has no `navigator.clipboard`.

export async function copyText(words: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    return bySelection(words);
  }
}

function bySelection(words: string): boolean {
  const focused = document.activeElement;
  const area = document.createElement("textarea");
  area.className = "unseen";
  area.readOnly = true;
  area.setAttribute("aria-hidden", "true");
  area.value = words;
  document.body.append(area);
  area.select();
  let done = false;
  try {
    done = document.execCommand("copy");
  } catch {
    // Refused: the caller says so.
  }
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return done;
}
