import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where the files of the page are: beside the sources, one folder up from the compiled files. */
export function pageDirectory(): string {
  const places = ['./public', '../public'].map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`The files of the page are missing: looked for ${places.join(' and ')}`);
  return found;
}
