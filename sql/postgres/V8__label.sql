-- A display name for people: any text. The name is a path, which cannot hold blanks or umlauts.
ALTER TABLE cameras ADD COLUMN label text;
