// The PodTemplate kind. May import src/base.
import { standardVerbs, type Kind } from "../kind.ts";
import { nameIsDNSSubdomain } from "../meta/names.ts";
import { podTemplateCells, podTemplateColumns } from "../pod/cells.ts";
import { podTemplateStrategy } from "../pod/strategies.ts";
import type { PodTemplate } from "../types/core-v1.gen.ts";

export const podTemplate: Kind<PodTemplate> = {
  group: "",
  version: "v1",
  kind: "PodTemplate",
  listKind: "PodTemplateList",
  plural: "podtemplates",
  singular: "podtemplate",
  shortNames: [],
  categories: [],
  namespaced: true,
  definition: "core.v1.PodTemplate",
  verbs: standardVerbs,
  subresources: [],
  storageKey: "podtemplates",
  checkName: nameIsDNSSubdomain,
  columns: podTemplateColumns,
  cells: podTemplateCells,
  selectableFields: {},
  strategy: podTemplateStrategy,
};
