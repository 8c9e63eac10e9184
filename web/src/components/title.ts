// What a page is called in the title bar of the browser.

import { useEffect } from "preact/hooks";
import { title } from "../model";

export function useTitle(words: string): void {
  useEffect(() => {
    title.value = words;
  }, [words]);
}
