// Who the cluster's own components are to the API server: each has its own identity and only its own rights. May import
// src/kinds.
import type { UserInfo } from "../kinds/request.ts";

const authenticated = "system:authenticated";

/** The API server itself: for what a new cluster must have before anybody may do anything. */
export const apiServerUser: UserInfo = { username: "system:apiserver", groups: ["system:masters", authenticated] };
export const schedulerUser: UserInfo = { username: "system:kube-scheduler", groups: [authenticated] };
/** Reads for all controllers; writes are made as each one's own service account. */
export const controllerManagerUser: UserInfo = {
  username: "system:kube-controller-manager",
  groups: [authenticated],
};
export const controllerUser = (name: string): UserInfo => ({
  username: `system:serviceaccount:kube-system:${name}`,
  groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", authenticated],
});
export const nodeUser = (name: string): UserInfo => ({
  username: `system:node:${name}`,
  groups: ["system:nodes", authenticated],
});
