// How pods and pod templates are written. Source: pkg/registry/core/pod and podtemplate. May import src/base.
import type { Strategy } from "../kind.ts";
import type { Pod, PodTemplate } from "../types/core-v1.gen.ts";
import { defaultPod, defaultPodTemplateSpec } from "./defaults.ts";
import {
  dropDisabledTemplateFields,
  prepareEphemeralContainersUpdate,
  preparePodForCreate,
  preparePodForUpdate,
  preparePodStatusUpdate,
  prepareResizeUpdate,
} from "./prepare.ts";
import { warnOfAddress } from "./validation/addresses.ts";
import { validateCoreFinalizers } from "./validation/finalizers.ts";
import { validatePodCreate } from "./validation/pod.ts";
import { validatePodResize } from "./validation/resize.ts";
import { validatePodTemplateSpec } from "./validation/spec.ts";
import { validatePodStatusUpdate } from "./validation/status.ts";
import { validateEphemeralContainersUpdate, validatePodUpdate } from "./validation/update.ts";
import { warnOfPod, warnOfPodTemplate } from "./warnings.ts";

const podSpecOf = (pod: Pod): unknown => pod.spec;

export const podStrategy: Strategy<Pod> = {
  allowUnconditionalUpdate: true,
  default: defaultPod,
  prepareForCreate: preparePodForCreate,
  prepareForUpdate: preparePodForUpdate,
  validate: (pod) => [...validateCoreFinalizers(pod.metadata), ...validatePodCreate(pod)],
  validateUpdate: (pod, old) => [...validateCoreFinalizers(pod.metadata, 2), ...validatePodUpdate(pod, old)],
  // An update may keep what today's rules for creates refuse.
  validateOnUpdate: false,
  metadataChecks: { create: 1, updateAsCreate: 1, update: 1 },
  warnings: (pod, old) => (old ? [] : warnOfPod(pod)),
  generationOf: podSpecOf,
  resetFields: [["status"]],
};

export const podStatusStrategy: Strategy<Pod> = {
  allowUnconditionalUpdate: true,
  default: defaultPod,
  prepareForUpdate: preparePodStatusUpdate,
  validateUpdate: (pod, old) => [...validateCoreFinalizers(pod.metadata, 1), ...validatePodStatusUpdate(pod, old)],
  validateOnUpdate: false,
  warnings: ({ status }) => [
    ...(status?.podIPs ?? []).flatMap((one, index) => warnOfAddress(one.ip ?? "", `status.podIPs[${index}].ip`)),
    ...(status?.hostIPs ?? []).flatMap((one, index) => warnOfAddress(one.ip ?? "", `status.hostIPs[${index}].ip`)),
  ],
  resetFields: [["spec"], ["metadata", "deletionTimestamp"], ["metadata", "ownerReferences"]],
};

export const podEphemeralContainersStrategy: Strategy<Pod> = {
  allowUnconditionalUpdate: true,
  default: defaultPod,
  prepareForUpdate: prepareEphemeralContainersUpdate,
  validateUpdate: (pod, old) => [
    ...validateCoreFinalizers(pod.metadata, 2),
    ...validateEphemeralContainersUpdate(pod, old),
  ],
  validateOnUpdate: false,
  metadataChecks: { updateAsCreate: 1, update: 1 },
  generationOf: podSpecOf,
};

export const podResizeStrategy: Strategy<Pod> = {
  allowUnconditionalUpdate: true,
  default: defaultPod,
  prepareForUpdate: prepareResizeUpdate,
  validateUpdate: (pod, old) => [...validateCoreFinalizers(pod.metadata, 2), ...validatePodResize(pod, old)],
  validateOnUpdate: false,
  metadataChecks: { updateAsCreate: 1, update: 1 },
  generationOf: podSpecOf,
};

export const podTemplateStrategy: Strategy<PodTemplate> = {
  allowUnconditionalUpdate: true,
  default: (draft) => {
    draft.template ??= {};
    defaultPodTemplateSpec(draft.template);
  },
  prepareForCreate: (draft) => dropDisabledTemplateFields(draft.template, undefined),
  prepareForUpdate: (draft, old) => dropDisabledTemplateFields(draft.template, old.template),
  validate: ({ metadata, template }) => [
    ...validateCoreFinalizers(metadata),
    ...validatePodTemplateSpec(template, "template"),
  ],
  validateUpdate: ({ metadata, template }, old) => [
    ...validateCoreFinalizers(metadata),
    ...validatePodTemplateSpec(template, "template", old.template),
  ],
  validateOnUpdate: false,
  warnings: (object, old) =>
    old && old.metadata.generation === object.metadata.generation ? [] : warnOfPodTemplate(object.template, "template"),
  generationOf: (object) => object.template,
};
