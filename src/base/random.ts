// Chance as an argument. The real source is in host/, a seeded one here for simulation and tests. Imports nothing.

export interface Random {
  /** A number in [0, 1). */
  next(): number;
}

/** A reproducible source: the same seed gives the same numbers. (mulberry32) */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = state;
      mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    },
  };
}

const suffixLetters = "bcdfghjklmnpqrstvwxz2456789";

/** `length` letters of the alphabet that upstream uses for generated names: no vowels, so no words. */
export function randomSuffix(random: Random, length: number): string {
  let text = "";
  for (let index = 0; index < length; index += 1) {
    text += suffixLetters[Math.floor(random.next() * suffixLetters.length)];
  }
  return text;
}
