// Going back to a former template, as the annotation of the old API asks for it. Upstream:
// pkg/controller/deployment/rollback.go. May import src/base, src/kinds, src/client.
import type { Deployment } from "../../kinds/types/apps-v1.gen.ts";
import type { Change } from "../controller.ts";
import { normalEvent, warningEvent } from "../replication/pod-control.ts";
import {
  type Annotations,
  lastRevision,
  revisionOf,
  rollbackAnnotation,
  rolledBackAnnotations,
} from "./annotations.ts";
import { allOf, type Sets } from "./deployment-status.ts";
import { anyDeployment, sameTemplate, withoutHash } from "./new-replica-set.ts";

function clear(deployment: Deployment, change: Partial<Deployment>, told: Change): Change {
  const { [rollbackAnnotation]: _cleared, ...annotations }: Annotations =
    (change.metadata ?? deployment.metadata).annotations ?? {};
  const object: Deployment = { ...deployment, ...change, metadata: { ...deployment.metadata, annotations } };
  return { do: "update", kind: anyDeployment, object, followedBy: () => [told] };
}

/** `revision` 0 means the one before the last. */
export function rollBack(deployment: Deployment, sets: Sets, revision: bigint): Change {
  const notFound = "DeploymentRollbackRevisionNotFound";
  const all = allOf(sets);
  const wanted = revision || lastRevision(all);
  if (wanted === 0n) return clear(deployment, {}, warningEvent(deployment, notFound, "Unable to find last revision."));
  const set = all.find((one) => revisionOf(one) === wanted);
  if (!set) {
    const message = "Unable to find the revision to rollback to.";
    return clear(deployment, {}, warningEvent(deployment, notFound, message));
  }
  const { name } = deployment.metadata;
  if (sameTemplate(deployment, set)) {
    const message = `The rollback revision contains the same template as current deployment "${name}"`;
    return clear(deployment, {}, warningEvent(deployment, "DeploymentRollbackTemplateUnchanged", message));
  }
  const metadata = { ...deployment.metadata, annotations: rolledBackAnnotations(deployment, set) };
  const spec = { ...deployment.spec, template: withoutHash(set.spec.template) };
  const message = `Rolled back deployment "${name}" to revision ${wanted}`;
  return clear(deployment, { metadata, spec }, normalEvent(deployment, "DeploymentRollback", message));
}
