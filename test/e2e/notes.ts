// The learner's notes: where their manifests are, and which rows can be tried. PROA_NOTES names the folder. May import
// node.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { root } from "./program.ts";
import { skipContainers } from "./test-cluster.ts";

const { PROA_NOTES: given } = process.env;
const folder = resolve(root, given ?? "../shared/notes");

export const skipNotes = existsSync(folder) ? skipContainers : `needs the notes' manifests at ${folder}`;

/** The path of a manifest, applied as it stands there. */
export const manifest = (name: string): string => join(folder, "manifests", `${name}.yaml`);
