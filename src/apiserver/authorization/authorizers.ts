// The authorizers of a cluster, asked in order: system:masters, the node authorizer, RBAC. May import src/base and
// src/kinds.
import type { Attributes, Authorizer, Decision, RuleList } from "../ports.ts";

/** Upstream's always-allowed group: the way in when roles are broken. */
const privilegedGroup = "system:masters";

/** Allows when one of them allows; the reasons of the others are joined by ", ". */
export function unionAuthorizer(authorizers: readonly Authorizer[]): Authorizer {
  return {
    async authorize(attributes: Attributes): Promise<Decision> {
      if (attributes.user.groups.includes(privilegedGroup)) return { allowed: true, reason: "" };
      const reasons: string[] = [];
      for (const authorizer of authorizers) {
        const deciding = authorizer.authorize(attributes);
        const decision = deciding instanceof Promise ? await deciding : deciding;
        if (decision.allowed || decision.denied) return decision;
        if (decision.reason) reasons.push(decision.reason);
      }
      return { allowed: false, reason: reasons.join(", ") };
    },
    async rulesFor(user, namespace): Promise<RuleList> {
      const lists: RuleList[] = [];
      if (user.groups.includes(privilegedGroup)) {
        const resourceRules = [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }];
        lists.push({ resourceRules, nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }], incomplete: false });
      }
      for (const authorizer of authorizers) lists.push(await authorizer.rulesFor(user, namespace));
      const problems = lists.flatMap((list) => list.evaluationError ?? []);
      return {
        resourceRules: lists.flatMap((list) => list.resourceRules),
        nonResourceRules: lists.flatMap((list) => list.nonResourceRules),
        incomplete: lists.some((list) => list.incomplete),
        ...(problems.length > 0 ? { evaluationError: problems.join(", ") } : {}),
      };
    },
  };
}
