// Tests speak English, with the texts of every page.

import { allTexts } from "./language";

await allTexts();
