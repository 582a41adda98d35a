// NamespaceLifecycle: nothing is made in a namespace that does not exist or is going away, and the first namespaces stay.
// May import src/base and src/kinds.
import { errors, StatusError } from "../../base/errors.ts";
import { namespace as namespaceKind } from "../../kinds/core/namespace.ts";
import type { ObjectReader } from "../object-reader.ts";
import type { AdmissionPlugin } from "../ports.ts";
import { isFor, refuse } from "./refuse.ts";

const immortalNamespaces = ["default", "kube-system", "kube-public"];

/** 403 with the cause that clients look for (core/v1 NamespaceTerminatingCause). */
function terminating(error: StatusError, namespace: string): StatusError {
  const cause = {
    reason: "NamespaceTerminating",
    message: `namespace ${namespace} is being terminated`,
    field: "metadata.namespace",
  };
  return new StatusError({ ...error.status, details: { ...error.status.details, causes: [cause] } });
}

export function namespaceLifecycle(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "NamespaceLifecycle",
    operations: ["CREATE", "UPDATE", "DELETE"],
    mutate(context) {
      const { operation, namespace, resource } = context;
      const ofNamespaces = resource.group === "" && resource.resource === "namespaces";
      if (operation === "DELETE" && isFor(context, "namespaces") && immortalNamespaces.includes(context.name)) {
        throw refuse(context, "this namespace may not be deleted");
      }
      if (namespace === "" || ofNamespaces || operation === "DELETE") return;
      // Who may do what in a namespace can be asked before there is one.
      if (resource.group === "authorization.k8s.io") return;
      const found = reader.get(namespaceKind, "", namespace);
      if (!found) throw errors.notFound({ group: "", resource: "namespaces" }, namespace);
      if (operation === "CREATE" && found.status?.phase === "Terminating") {
        const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
        throw terminating(refuse(context, why), namespace);
      }
    },
  };
}
