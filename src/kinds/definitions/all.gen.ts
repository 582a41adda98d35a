// Printed by scripts/print-definitions.ts: every built-in definition. Do not edit.
import type { Definitions } from "../schema.ts";
import { admissionregistrationV1 } from "./admissionregistration-v1.gen.ts";
import { apiextensionsV1 } from "./apiextensions-v1.gen.ts";
import { apiregistrationV1 } from "./apiregistration-v1.gen.ts";
import { appsV1 } from "./apps-v1.gen.ts";
import { authenticationV1 } from "./authentication-v1.gen.ts";
import { authorizationV1 } from "./authorization-v1.gen.ts";
import { autoscalingV1 } from "./autoscaling-v1.gen.ts";
import { autoscalingV2 } from "./autoscaling-v2.gen.ts";
import { batchV1 } from "./batch-v1.gen.ts";
import { certificatesV1 } from "./certificates-v1.gen.ts";
import { coordinationV1 } from "./coordination-v1.gen.ts";
import { coreV1 } from "./core-v1.gen.ts";
import { discoveryV1 } from "./discovery-v1.gen.ts";
import { eventsV1 } from "./events-v1.gen.ts";
import { flowcontrolV1 } from "./flowcontrol-v1.gen.ts";
import { intstr } from "./intstr.gen.ts";
import { metaV1 } from "./meta-v1.gen.ts";
import { networkingV1 } from "./networking-v1.gen.ts";
import { nodeV1 } from "./node-v1.gen.ts";
import { policyV1 } from "./policy-v1.gen.ts";
import { rbacV1 } from "./rbac-v1.gen.ts";
import { resource } from "./resource.gen.ts";
import { resourceV1 } from "./resource-v1.gen.ts";
import { runtime } from "./runtime.gen.ts";
import { schedulingV1 } from "./scheduling-v1.gen.ts";
import { storageV1 } from "./storage-v1.gen.ts";
import { version } from "./version.gen.ts";

export const builtInDefinitions: Definitions = {
  ...admissionregistrationV1,
  ...apiextensionsV1,
  ...apiregistrationV1,
  ...appsV1,
  ...authenticationV1,
  ...authorizationV1,
  ...autoscalingV1,
  ...autoscalingV2,
  ...batchV1,
  ...certificatesV1,
  ...coordinationV1,
  ...coreV1,
  ...discoveryV1,
  ...eventsV1,
  ...flowcontrolV1,
  ...intstr,
  ...metaV1,
  ...networkingV1,
  ...nodeV1,
  ...policyV1,
  ...rbacV1,
  ...resource,
  ...resourceV1,
  ...runtime,
  ...schedulingV1,
  ...storageV1,
  ...version,
};
