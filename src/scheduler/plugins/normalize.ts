// Scores of one plugin over all nodes, brought to 0…100. Source: plugins/helper/normalize_score.go. May import src/base,
// src/kinds.
import { scoreMax } from "../limits.ts";

/** In proportion to the largest; `reverse` makes the largest 0. */
export function normalizeByLargest(scores: Float64Array, reverse: boolean): void {
  let largest = 0;
  for (const score of scores) largest = Math.max(largest, score);
  if (largest === 0) {
    if (reverse) scores.fill(scoreMax);
    return;
  }
  for (let index = 0; index < scores.length; index += 1) {
    const share = Math.floor((scoreMax * scores[index]!) / largest);
    scores[index] = reverse ? scoreMax - share : share;
  }
}
