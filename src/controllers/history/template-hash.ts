// The hash that names a template's ReplicaSet and labels its pods. Upstream hashes Go's memory dump of the template, which
// no other program can reproduce; here it is the canonical JSON. Algorithm (FNV-1a, 32 bits) and letters are upstream's:
// ComputeHash in pkg/controller/controller_utils.go, k8s.io/apimachinery/pkg/util/rand. Imports nothing.

const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;
const safeLetters = "bcdfghjklmnpqrstvwxz2456789";

/** JSON with sorted keys and without what is absent. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const parts = Object.entries(value)
    .filter(([, part]) => part !== undefined && part !== null)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, part]) => `${JSON.stringify(key)}:${canonicalJson(part)}`);
  return `{${parts.join(",")}}`;
}

export function fnv32a(bytes: Iterable<number>): number {
  let hash = offsetBasis;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, prime) >>> 0;
  return hash;
}

/** A text in letters that form no words. */
export const safeEncode = (text: string): string =>
  [...text].map((letter) => safeLetters[letter.charCodeAt(0) % safeLetters.length]).join("");

/** At most ten letters; another one for each count of collisions. */
export function templateHash(template: unknown, collisionCount: number | undefined): string {
  const bytes = [...new TextEncoder().encode(canonicalJson(template))];
  if (collisionCount !== undefined) {
    for (let shift = 0; shift < 32; shift += 8) bytes.push((collisionCount >>> shift) & 255);
    bytes.push(0, 0, 0, 0);
  }
  return safeEncode(String(fnv32a(bytes)));
}
