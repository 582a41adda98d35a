// Clients that write config maps over HTTPS as fast as they are answered, and remember what was acknowledged: what a
// cluster must never lose, whatever happens to it. May import node.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";

/** Who asks, and whom: from a kubeconfig. */
export interface Access {
  readonly server: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** The first cluster and user of a kubeconfig that one `proa up` wrote. */
export function readAccess(kubeconfig: string): Access {
  const text = readFileSync(kubeconfig, "utf8");
  const field = (name: string): string => {
    const found = new RegExp(`^ *(?:- )?${name}: *"?([^"\\n]+)"?$`, "m").exec(text)?.[1];
    assert.ok(found, `${name} in ${kubeconfig}`);
    return found;
  };
  const pem = (name: string): string => Buffer.from(field(name), "base64").toString();
  return {
    server: field("server"),
    ca: pem("certificate-authority-data"),
    cert: pem("client-certificate-data"),
    key: pem("client-key-data"),
  };
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

const answerTimeoutMs = 15_000;

export class ApiUser {
  readonly #access: Access;
  readonly #agent: Agent;

  constructor(access: Access) {
    this.#access = access;
    const { ca, cert, key } = access;
    this.#agent = new Agent({ ca, cert, key, keepAlive: true });
  }

  /** Rejects when the connection breaks before the answer is whole. */
  ask(method: string, path: string, body?: object): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = body ? { "content-type": "application/json" } : {};
      const options = { method, headers, agent: this.#agent, timeout: answerTimeoutMs };
      const asked = request(new URL(path, this.#access.server), options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          if (!response.complete) reject(new Error("the answer was cut off"));
          else resolve({ status: response.statusCode!, body: Buffer.concat(chunks).toString() });
        });
      });
      asked.once("timeout", () => asked.destroy(new Error(`no answer within ${answerTimeoutMs} ms`)));
      asked.once("error", reject);
      asked.end(body && JSON.stringify(body));
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

interface ConfigMapJson {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly data: { readonly value: string };
}

const collection = "/api/v1/namespaces/default/configmaps";
const listLimit = 500;

/** Writes that were acknowledged: value and resourceVersion by name. */
export class Acknowledged {
  readonly #writes = new Map<string, { readonly value: string; readonly resourceVersion: string }>();
  #next = 0;

  get size(): number {
    return this.#writes.size;
  }

  /** Creates a config map; the answer that is none of success, if so. */
  async create(user: ApiUser, valueBytes = 200): Promise<Answer | undefined> {
    const name = `write-${(this.#next += 1)}`;
    const value = `${name}-`.padEnd(valueBytes, "x");
    const answer = await user.ask("POST", collection, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name },
      data: { value },
    });
    if (answer.status !== 201) return answer;
    const { resourceVersion } = (JSON.parse(answer.body) as ConfigMapJson).metadata;
    this.#writes.set(name, { value, resourceVersion });
    return undefined;
  }

  /** Changes one of those that are known, and remembers the change when it is acknowledged. */
  async update(user: ApiUser): Promise<Answer | undefined> {
    const names = [...this.#writes.keys()];
    const name = names[this.#next % names.length];
    if (name === undefined) return undefined;
    this.#next += 1;
    const value = `${name}-changed-${this.#next}`;
    const answer = await user.ask("PUT", `${collection}/${name}`, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name },
      data: { value },
    });
    if (answer.status !== 200) return answer;
    const { resourceVersion } = (JSON.parse(answer.body) as ConfigMapJson).metadata;
    const known = this.#writes.get(name)!;
    // Two writers may change one object: the later revision is what must be found.
    if (Number(resourceVersion) > Number(known.resourceVersion)) this.#writes.set(name, { value, resourceVersion });
    return undefined;
  }

  /** Each acknowledged write is there; what is there beside is newer than what was acknowledged. */
  async check(user: ApiUser): Promise<void> {
    const found = new Map<string, ConfigMapJson>();
    let token = "";
    do {
      const { status, body } = await user.ask("GET", `${collection}?limit=${listLimit}&continue=${token}`);
      assert.equal(status, 200, body);
      const list = JSON.parse(body) as { metadata: { continue?: string }; items: ConfigMapJson[] };
      for (const item of list.items) found.set(item.metadata.name, item);
      token = encodeURIComponent(list.metadata.continue ?? "");
    } while (token !== "");
    for (const [name, { value, resourceVersion }] of this.#writes) {
      const item = found.get(name);
      assert.ok(item, `${name} was acknowledged at ${resourceVersion} and is lost`);
      const version = Number(item.metadata.resourceVersion);
      assert.ok(version >= Number(resourceVersion), `${name} is older than what was acknowledged`);
      if (version === Number(resourceVersion)) assert.equal(item.data.value, value, name);
    }
  }
}
