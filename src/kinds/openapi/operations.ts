// The operations of a kind's paths in a form that both OpenAPI versions are printed from: what there is to call, with
// which parameters and answers. May import src/base.
import type { Kind, Subresource, Verb } from "../kind.ts";

export type Method = "get" | "put" | "post" | "delete" | "patch" | "options" | "head";

export interface Parameter {
  readonly name: string;
  readonly place: "path" | "query";
  readonly type: "string" | "boolean" | "integer";
}

export interface Operation {
  readonly method: Method;
  readonly operationId: string;
  readonly action: string | undefined;
  readonly gvk: { readonly group: string; readonly version: string; readonly kind: string } | undefined;
  readonly parameters: readonly Parameter[];
  /** The definition of the body; "patch": any patch. */
  readonly body?: string;
  readonly bodyRequired?: boolean;
  /** Status codes of success, all with `answer`. */
  readonly codes: readonly number[];
  /** A definition, or "string". */
  readonly answer: string;
  /**
   * "object": JSON, YAML, protobuf; "watch": those that can be streamed too; "stream": anything; "log": text too;
   * "key-set": JSON Web Keys.
   */
  readonly produces: "object" | "watch" | "stream" | "log" | "json" | "key-set";
  readonly strategicPatch?: boolean;
}

export interface PathItem {
  readonly path: string;
  readonly operations: readonly Operation[];
}

export type PublishedKind = Pick<
  Kind,
  "group" | "version" | "kind" | "listKind" | "plural" | "namespaced" | "definition" | "verbs" | "subresources"
> & {
  /** False for custom resources: they have no strategic merge patch. */
  readonly strategicPatch?: boolean;
};

const query = (type: Parameter["type"], ...names: string[]): Parameter[] =>
  names.map((name) => ({ name, place: "query", type }));

const pretty = query("string", "pretty");
const listOptions = [
  ...query("boolean", "allowWatchBookmarks", "sendInitialEvents", "watch"),
  ...query("string", "continue", "fieldSelector", "labelSelector", "resourceVersion", "resourceVersionMatch"),
  ...query("string", "shardSelector"),
  ...query("integer", "limit", "timeoutSeconds"),
];
const writeOptions = query("string", "dryRun", "fieldManager", "fieldValidation");
const deleteOptions = [
  ...query("string", "dryRun", "propagationPolicy"),
  ...query("integer", "gracePeriodSeconds"),
  ...query("boolean", "ignoreStoreReadErrorWithClusterBreakingPotential", "orphanDependents"),
];
const inList = new Set(["allowWatchBookmarks", "watch"]);
const deleteCollectionOptions = [...deleteOptions, ...listOptions.filter(({ name }) => !inList.has(name))];

const connectOptions: Readonly<Record<string, readonly Parameter[]>> = {
  PodAttachOptions: [...query("string", "container"), ...query("boolean", "stderr", "stdin", "stdout", "tty")],
  PodExecOptions: [...query("string", "command", "container"), ...query("boolean", "stderr", "stdin", "stdout", "tty")],
  PodPortForwardOptions: query("integer", "ports"),
  PodProxyOptions: query("string", "path"),
  ServiceProxyOptions: query("string", "path"),
  NodeProxyOptions: query("string", "path"),
};
const logOptions = [
  ...query("string", "container", "stream"),
  ...query("boolean", "follow", "insecureSkipTLSVerifyBackend", "previous", "timestamps"),
  ...query("integer", "limitBytes", "sinceSeconds", "tailLines"),
];

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** "rbac.authorization.k8s.io" → "RbacAuthorization"; the core group is "Core". */
export function groupName(group: string): string {
  const parts = group.replace(/\.k8s\.io$/, "").split(".");
  return group === "" ? "Core" : parts.map(capital).join("");
}
/** "rbacAuthorization_v1". */
export function tagOf(group: string, version: string): string {
  const name = groupName(group);
  return `${name.slice(0, 1).toLowerCase()}${name.slice(1)}_${version}`;
}
export const rootOf = (group: string, version: string): string =>
  group === "" ? `/api/${version}` : `/apis/${group}/${version}`;

const status = "meta.v1.Status";
const deleteBody = "meta.v1.DeleteOptions";
/** Deletes of these answer with the object instead of a Status. */
const answersDeleted = new Set([
  "core.v1.PersistentVolume",
  "core.v1.PersistentVolumeClaim",
  "core.v1.Pod",
  "core.v1.PodTemplate",
  "core.v1.ResourceQuota",
  "core.v1.Service",
  "core.v1.ServiceAccount",
  "resource.v1.DeviceClass",
  "resource.v1.ResourceClaim",
  "resource.v1.ResourceClaimTemplate",
  "resource.v1.ResourceSlice",
  "storage.v1.CSIDriver",
  "storage.v1.CSINode",
  "storage.v1.StorageClass",
  "storage.v1.VolumeAttachment",
  "storage.v1.VolumeAttributesClass",
]);

class KindPaths {
  readonly #kind: PublishedKind;
  readonly #prefix: string;
  readonly #gvk: { group: string; version: string; kind: string };
  readonly #scope: string;

  constructor(kind: PublishedKind) {
    this.#kind = kind;
    this.#prefix = groupName(kind.group) + capital(kind.version);
    this.#gvk = { group: kind.group, version: kind.version, kind: kind.kind };
    this.#scope = kind.namespaced ? "Namespaced" : "";
  }

  paths(): PathItem[] {
    const { namespaced, plural, group, version } = this.#kind;
    const root = rootOf(group, version);
    const place = namespaced ? `/namespaces/{namespace}/${plural}` : `/${plural}`;
    const items: PathItem[] = [
      { path: `${root}${place}`, operations: this.#collection() },
      { path: `${root}${place}/{name}`, operations: this.#item() },
      ...this.#kind.subresources.flatMap((one) => this.#subresource(`${root}${place}/{name}/${one.name}`, one)),
    ];
    if (namespaced && this.#has("list")) {
      const everywhere = this.#list("get", `list${this.#prefix}${this.#gvk.kind}ForAllNamespaces`, "list", [], false);
      items.push({ path: `${root}/${plural}`, operations: [everywhere] });
    }
    if (this.#has("watch")) items.push(...this.#watches(root, place));
    return items.filter(({ operations }) => operations.length > 0);
  }

  #has(verb: Verb): boolean {
    return this.#kind.verbs.includes(verb);
  }
  #pathParameters(item: boolean): Parameter[] {
    return [
      ...(item ? [{ name: "name", place: "path", type: "string" } as const] : []),
      ...(this.#kind.namespaced ? [{ name: "namespace", place: "path", type: "string" } as const] : []),
    ];
  }

  #operation(method: Method, operationId: string, action: string, rest: Partial<Operation>): Operation {
    return {
      method,
      operationId,
      action,
      gvk: this.#gvk,
      parameters: [],
      codes: [200],
      answer: this.#kind.definition,
      produces: "object",
      ...rest,
    };
  }

  #list(method: Method, id: string, action: string, more: readonly Parameter[], isWatch: boolean): Operation {
    const listDefinition = this.#kind.definition.replace(/[^.]+$/, this.#kind.listKind);
    return this.#operation(method, id, action, {
      parameters: [...listOptions, ...pretty, ...more],
      answer: isWatch ? "meta.v1.WatchEvent" : listDefinition,
      produces: "watch",
    });
  }

  #collection(): Operation[] {
    const name = `${this.#prefix}${this.#scope}${this.#gvk.kind}`;
    const scope = this.#pathParameters(false);
    const operations: Operation[] = [];
    if (this.#has("list")) operations.push(this.#list("get", `list${name}`, "list", scope, false));
    if (this.#has("create")) operations.push(this.#create(`create${name}`, scope, this.#kind.definition, this.#gvk));
    if (this.#has("deletecollection")) {
      const id = `delete${this.#prefix}Collection${this.#scope}${this.#gvk.kind}`;
      operations.push(
        this.#operation("delete", id, "deletecollection", {
          parameters: [...deleteCollectionOptions, ...pretty, ...scope],
          body: deleteBody,
          answer: status,
        }),
      );
    }
    return operations;
  }

  #create(id: string, scope: readonly Parameter[], definition: string, gvk: Operation["gvk"]): Operation {
    return this.#operation("post", id, "post", {
      parameters: [...writeOptions, ...pretty, ...scope],
      body: definition,
      bodyRequired: true,
      codes: [200, 201, 202],
      answer: definition,
      gvk,
    });
  }

  #item(): Operation[] {
    const name = `${this.#prefix}${this.#scope}${this.#gvk.kind}`;
    const { definition } = this.#kind;
    const operations = this.#readAndWrite(name, this.#kind.verbs, definition, this.#gvk);
    if (this.#has("delete")) {
      operations.push(
        this.#operation("delete", `delete${name}`, "delete", {
          parameters: [...deleteOptions, ...pretty, ...this.#pathParameters(true)],
          body: deleteBody,
          codes: [200, 202],
          answer: answersDeleted.has(definition) ? definition : status,
        }),
      );
    }
    return operations;
  }

  #readAndWrite(name: string, verbs: readonly Verb[], definition: string, gvk: Operation["gvk"]): Operation[] {
    const item = this.#pathParameters(true);
    const write = { parameters: [...writeOptions, ...pretty, ...item], bodyRequired: true, answer: definition, gvk };
    const operations: Operation[] = [];
    if (verbs.includes("get")) {
      const parameters = [...pretty, ...item];
      operations.push(this.#operation("get", `read${name}`, "get", { parameters, answer: definition, gvk }));
    }
    if (verbs.includes("update")) {
      operations.push(
        this.#operation("put", `replace${name}`, "put", { ...write, body: definition, codes: [200, 201] }),
      );
    }
    if (verbs.includes("patch")) {
      const parameters = [...write.parameters, ...query("boolean", "force")];
      const patch = {
        ...write,
        parameters,
        body: "patch",
        codes: [200, 201],
        strategicPatch: this.#kind.strategicPatch !== false,
      };
      operations.push(this.#operation("patch", `patch${name}`, "patch", patch));
    }
    return operations;
  }

  #subresource(path: string, subresource: Subresource<never> | Subresource): PathItem[] {
    const { name, verbs, body } = subresource;
    const id = `${this.#scope}${this.#gvk.kind}${capital(name)}`;
    if (body && Object.hasOwn(connectOptions, body.kind)) return this.#connect(path, id, body);
    if (name === "log") {
      const parameters = [...logOptions, ...pretty, ...this.#pathParameters(true)];
      const log = this.#operation("get", `read${this.#prefix}${id}`, "get", {
        parameters,
        answer: "string",
        produces: "log",
      });
      return [{ path, operations: [log] }];
    }
    const definition = body?.definition ?? this.#kind.definition;
    const gvk = body ? { group: body.group, version: body.version, kind: body.kind } : this.#gvk;
    const operations = this.#readAndWrite(`${this.#prefix}${id}`, verbs, definition, gvk);
    if (verbs.includes("create")) {
      operations.push(this.#create(`create${this.#prefix}${id}`, this.#pathParameters(true), definition, gvk));
    }
    return [{ path, operations }];
  }

  #connect(path: string, id: string, body: NonNullable<Subresource["body"]>): PathItem[] {
    const gvk = { group: body.group, version: body.version, kind: body.kind };
    const proxy = body.kind.endsWith("ProxyOptions");
    const methods: Method[] = proxy ? ["get", "put", "post", "delete", "options", "head", "patch"] : ["get", "post"];
    const operations = (suffix: string, more: readonly Parameter[]): Operation[] =>
      methods.map((method) =>
        this.#operation(method, `connect${this.#prefix}${capital(method)}${id}${suffix}`, "connect", {
          parameters: [...connectOptions[body.kind]!, ...this.#pathParameters(true), ...more],
          answer: "string",
          produces: "stream",
          gvk,
        }),
      );
    const items = [{ path, operations: operations("", []) }];
    if (proxy) {
      const inPath = [{ name: "path", place: "path", type: "string" } as const];
      items.push({ path: `${path}/{path}`, operations: operations("WithPath", inPath) });
    }
    return items;
  }

  /** The old paths for watching; clients use ?watch=true. */
  #watches(root: string, place: string): PathItem[] {
    const { namespaced, plural, kind } = this.#kind;
    const one = `watch${this.#prefix}${this.#scope}${kind}`;
    const scope = this.#pathParameters(false);
    const items: PathItem[] = [
      { path: `${root}/watch${place}`, operations: [this.#list("get", `${one}List`, "watchlist", scope, true)] },
      {
        path: `${root}/watch${place}/{name}`,
        operations: [this.#list("get", one, "watch", this.#pathParameters(true), true)],
      },
    ];
    if (namespaced) {
      const id = `watch${this.#prefix}${kind}ListForAllNamespaces`;
      items.push({ path: `${root}/watch/${plural}`, operations: [this.#list("get", id, "watchlist", [], true)] });
    }
    return items;
  }
}

/** Every path of a kind. */
export const pathsOfKind = (kind: PublishedKind): PathItem[] => new KindPaths(kind).paths();
