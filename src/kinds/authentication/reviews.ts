// TokenReview and SelfSubjectReview: answered at once, never stored. May import src/base.
import { defineKind, plainCells, plainColumns } from "../meta/define-kind.ts";
import type { SelfSubjectReview, TokenReview } from "../types/authentication-v1.gen.ts";

const review = {
  group: "authentication.k8s.io",
  version: "v1",
  namespaced: false,
  storageKey: "",
  verbs: ["create"],
  columns: plainColumns,
  cells: plainCells,
  virtual: true,
} as const;

export const tokenReview = defineKind<TokenReview>({
  ...review,
  kind: "TokenReview",
  plural: "tokenreviews",
  definition: "authentication.v1.TokenReview",
});

export const selfSubjectReview = defineKind<SelfSubjectReview>({
  ...review,
  kind: "SelfSubjectReview",
  plural: "selfsubjectreviews",
  definition: "authentication.v1.SelfSubjectReview",
});
