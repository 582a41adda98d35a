// Acting as somebody else: the Impersonate-* headers, as upstream's WithImpersonation
// (k8s.io/apiserver/pkg/endpoints/filters). May import src/base and src/kinds.
import { errors } from "../../base/errors.ts";
import type { ApiRequest, UserInfo } from "../../kinds/request.ts";
import { forbiddenRequest } from "../handle.ts";
import type { Attributes } from "../ports.ts";
import type { Server } from "../server.ts";

const authenticated = "system:authenticated";
const serviceAccountPrefix = "system:serviceaccount:";

interface Wanted {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** Several values of a header come joined by ", ". */
const valuesOf = (text: string | undefined): string[] => (text === undefined ? [] : text.split(", "));

function wantedOf(request: ApiRequest): Wanted {
  const extra: Record<string, string[]> = Object.create(null);
  const prefix = "impersonate-extra-";
  for (const [name, value] of Object.entries(request.headers)) {
    if (!name.startsWith(prefix)) continue;
    const key = name.slice(prefix.length);
    extra[unescapeKey(key)] = valuesOf(value);
  }
  return {
    username: request.headers["impersonate-user"] ?? "",
    uid: request.headers["impersonate-uid"] ?? "",
    groups: valuesOf(request.headers["impersonate-group"]),
    extra,
  };
}

function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

const goStrings = (values: readonly string[]): string =>
  values.length === 0 ? "[]string(nil)" : `[]string{${values.map((value) => JSON.stringify(value)).join(", ")}}`;

function withoutUser({ uid, groups, extra }: Wanted): Error {
  const pairs = Object.entries(extra).map(([key, values]) => `${JSON.stringify(key)}:${goStrings(values)}`);
  const printed = pairs.length === 0 ? "map[string][]string(nil)" : `map[string][]string{${pairs.join(", ")}}`;
  const user = `&user.DefaultInfo{Name:"", UID:${JSON.stringify(uid)}, Groups:${goStrings(groups)}, Extra:${printed}}`;
  return errors.badRequest(`requested ${user} without impersonating a user name`);
}

/** Each part of the other identity needs the right to impersonate it. */
function* rights(wanted: Wanted, user: UserInfo): Generator<Attributes> {
  const base = {
    user,
    verb: "impersonate",
    apiVersion: "v1",
    resourceRequest: true,
    path: "",
    namespace: "",
    subresource: "",
  };
  const account = serviceAccountOf(wanted.username);
  if (account) {
    yield { ...base, apiGroup: "", resource: "serviceaccounts", namespace: account.namespace, name: account.name };
  } else yield { ...base, apiGroup: "", resource: "users", name: wanted.username };
  const group = "authentication.k8s.io";
  if (wanted.uid !== "") yield { ...base, apiGroup: group, resource: "uids", name: wanted.uid };
  for (const name of wanted.groups) yield { ...base, apiGroup: "", resource: "groups", name };
  for (const [key, values] of Object.entries(wanted.extra)) {
    for (const name of values) yield { ...base, apiGroup: group, resource: "userextras", subresource: key, name };
  }
}

function serviceAccountOf(username: string): { namespace: string; name: string } | undefined {
  if (!username.startsWith(serviceAccountPrefix)) return undefined;
  const [namespace = "", name = "", ...rest] = username.slice(serviceAccountPrefix.length).split(":");
  return namespace !== "" && name !== "" && rest.length === 0 ? { namespace, name } : undefined;
}

/** The groups that an identity has without being told. */
function groupsOf(wanted: Wanted): string[] {
  const groups = [...wanted.groups];
  const account = serviceAccountOf(wanted.username);
  if (account && wanted.groups.length === 0) {
    groups.push("system:serviceaccounts", `system:serviceaccounts:${account.namespace}`);
  }
  if (wanted.username === "system:anonymous") {
    if (!groups.includes("system:unauthenticated")) groups.push("system:unauthenticated");
  } else if (!groups.includes(authenticated) && !groups.includes("system:unauthenticated")) groups.push(authenticated);
  return groups;
}

/** The identity that the request is to have. Throws 400 or 403. */
export async function impersonate(server: Server, request: ApiRequest, user: UserInfo): Promise<UserInfo> {
  const wanted = wantedOf(request);
  if (wanted.username === "") {
    if (wanted.uid === "" && wanted.groups.length === 0 && Object.keys(wanted.extra).length === 0) return user;
    throw withoutUser(wanted);
  }
  for (const attributes of rights(wanted, user)) {
    const decision = await server.ports.authorizer.authorize(attributes);
    if (!decision.allowed) throw forbiddenRequest(attributes, decision.reason);
  }
  return {
    username: wanted.username,
    ...(wanted.uid === "" ? {} : { uid: wanted.uid }),
    groups: groupsOf(wanted),
    extra: wanted.extra,
  };
}
