// Certificates as Node and openssl see them, the key folder, kubeconfigs, and tokens. May import what tests may.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { parse } from "yaml";
import { systemCrypto } from "../clock.ts";
import { createAuthority, issueCertificate, leafValidForMs } from "./certificates.ts";
import { type ClusterKeysOptions, openClusterKeys } from "./cluster-keys.ts";
import { mergeKubeconfig, removeFromKubeconfig } from "./kubeconfig.ts";
import { createTokenIssuer } from "./token-issuer.ts";

const dayMs = 24 * 60 * 60 * 1000;

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "proa-pki-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
const optionsOf = (folder: string, more: Partial<ClusterKeysOptions> = {}): ClusterKeysOptions => ({
  folder,
  dnsNames: ["localhost", "kubernetes.default.svc"],
  ipAddresses: ["127.0.0.1", "10.96.0.1", "::1"],
  nowMs: Date.now(),
  ...more,
});

const openssl = spawnSync("openssl", ["version"]).status === 0;

test(
  "openClusterKeys makes certificates that openssl accepts for their purpose",
  {
    skip: openssl ? false : "openssl is not installed",
  },
  async (context) => {
    const folder = temporaryFolder(context);
    await openClusterKeys(optionsOf(folder));
    const verify = (purpose: string, file: string, ...more: string[]): string => {
      const parameters = ["verify", "-x509_strict", "-CAfile", join(folder, "ca.crt"), "-purpose", purpose, ...more];
      const { stdout, stderr } = spawnSync("openssl", [...parameters, join(folder, file)], { encoding: "utf8" });
      return `${stdout}${stderr}`;
    };
    assert.match(verify("sslserver", "serving.crt", "-verify_hostname", "localhost"), /: OK/);
    assert.match(verify("sslserver", "serving.crt", "-verify_ip", "10.96.0.1"), /: OK/);
    assert.match(verify("sslclient", "admin.crt"), /: OK/);
    assert.doesNotMatch(verify("sslclient", "serving.crt"), /: OK/);
    assert.doesNotMatch(verify("sslserver", "serving.crt", "-verify_hostname", "example.com"), /: OK/);
  },
);

test("issueCertificate gives positive serial numbers, and organizations before the name", async () => {
  const authority = await createAuthority("kubernetes", Date.now());
  const subject = { commonName: "jane", organizations: ["devs", "ops"] };
  for (let round = 0; round < 8; round += 1) {
    const { certificatePem } = await issueCertificate(authority, {
      subject,
      usage: "client",
      nowMs: Date.now(),
      validForMs: dayMs,
    });
    const certificate = new X509Certificate(certificatePem);
    assert.match(certificate.serialNumber, /^[4-7][0-9A-F]{31}$/);
    assert.equal(certificate.subject, "O=devs\nO=ops\nCN=jane");
  }
});

test("openClusterKeys keeps what fits, and renews what grows old, lacks a name or is broken", async (context) => {
  const folder = temporaryFolder(context);
  const first = await openClusterKeys(optionsOf(folder));
  assert.deepEqual(await openClusterKeys(optionsOf(folder)), first);
  for (const file of ["ca.key", "serving.key", "admin.key", "service-account.key"]) {
    assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
  }
  const renamed = await openClusterKeys(optionsOf(folder, { dnsNames: ["example.com"] }));
  assert.notEqual(renamed.serving.certificatePem, first.serving.certificatePem);
  assert.equal(renamed.admin.certificatePem, first.admin.certificatePem);
  const later = await openClusterKeys(optionsOf(folder, { nowMs: Date.now() + leafValidForMs * 0.9 }));
  assert.notEqual(later.admin.certificatePem, first.admin.certificatePem);
  assert.deepEqual([later.authority, later.tokenKeyPem], [first.authority, first.tokenKeyPem]);
  // A stop between the two files of a pair leaves a key that is not the certificate's.
  writeFileSync(join(folder, "serving.key"), later.admin.keyPem);
  writeFileSync(join(folder, "admin.crt"), "no certificate");
  const mended = await openClusterKeys(optionsOf(folder));
  assert.notEqual(mended.serving.keyPem, later.admin.keyPem);
  assert.ok(new X509Certificate(mended.admin.certificatePem));
});

const entry = {
  name: "proa",
  server: "https://127.0.0.1:6443",
  authorityPem: "authority",
  certificatePem: "certificate",
  keyPem: "key",
};

test("mergeKubeconfig keeps comments, order and other clusters, and removeFromKubeconfig leaves no trace", (context) => {
  const file = join(temporaryFolder(context), "config");
  const text = `# my clusters
apiVersion: v1
kind: Config
clusters:
  # at work
  - name: work
    cluster: { server: https://work.example.com }
contexts:
  - name: work
    context: { cluster: work, user: jane }
users:
  - name: jane
    user:
      token: abc # secret
current-context: work
preferences: {}
`;
  writeFileSync(file, text, { mode: 0o640 });
  mergeKubeconfig(file, entry);
  const merged = readFileSync(file, "utf8");
  for (const piece of ["# my clusters", "# at work", "token: abc # secret"]) assert.ok(merged.includes(piece), piece);
  const read = parse(merged);
  assert.equal(read["current-context"], "proa");
  assert.deepEqual(
    read.clusters.map(({ name }: { name: string }) => name),
    ["work", "proa"],
  );
  assert.equal(atob(read.clusters[1].cluster["certificate-authority-data"]), "authority");
  assert.equal(atob(read.users[1].user["client-key-data"]), "key");
  mergeKubeconfig(file, { ...entry, server: "https://127.0.0.1:7443" });
  const again = parse(readFileSync(file, "utf8"));
  assert.equal(again.clusters.length, 2);
  assert.equal(again.clusters[1].cluster.server, "https://127.0.0.1:7443");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  removeFromKubeconfig(file, "proa");
  assert.deepEqual(parse(readFileSync(file, "utf8")), { ...parse(text), "current-context": "" });
});

test("mergeKubeconfig makes a file and its folder, and refuses what is no kubeconfig", (context) => {
  const folder = temporaryFolder(context);
  const file = join(folder, "new", "config");
  mergeKubeconfig(file, entry);
  const read = parse(readFileSync(file, "utf8"));
  assert.deepEqual(
    [read.apiVersion, read.kind, read.contexts[0].context],
    ["v1", "Config", { cluster: "proa", user: "proa" }],
  );
  const cases = { list: "- a\n", broken: "a: [\n", text: "hello\n" };
  for (const [name, content] of Object.entries(cases)) {
    const other = join(folder, name);
    writeFileSync(other, content);
    assert.throws(() => mergeKubeconfig(other, entry), { name: "StatusError" }, name);
    assert.equal(readFileSync(other, "utf8"), content, "it is left as it was");
  }
  mkdirSync(join(folder, "gone"));
  removeFromKubeconfig(join(folder, "gone", "config"), "proa");
});

async function issuerOf(context: TestContext) {
  const { tokenKeyPem } = await openClusterKeys(optionsOf(temporaryFolder(context)));
  let nowMs = Date.UTC(2026, 0, 1);
  const clock = {
    now: () => nowMs,
    monotonic: () => nowMs,
    after: () => ({ cancel() {} }),
    advance(durationMs: number) {
      nowMs += durationMs;
    },
  };
  const issuer = "https://kubernetes.default.svc.cluster.local";
  const options = { keyPem: tokenKeyPem, issuer, audiences: ["api"], keySetUrl: "https://x/openid/v1/jwks", clock };
  return { clock, options, tokens: createTokenIssuer({ ...options, crypto: systemCrypto }) };
}
const account = { metadata: { name: "a", namespace: "n", uid: "u" } } as never;
const bound = { pod: { metadata: { name: "p", uid: "pu" } }, node: { metadata: { name: "m", uid: "mu" } } } as never;
const claimsOf = (token: string): any => JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString());

test("token issuer signs what it verifies, until it expires", async (context) => {
  const { clock, tokens } = await issuerOf(context);
  const { token, expirationTimestamp } = await tokens.issue(
    account,
    { audiences: ["x"], expirationSeconds: 600 },
    bound,
  );
  assert.equal(expirationTimestamp, "2026-01-01T00:10:00Z");
  const verified = (await tokens.verify(token))!;
  assert.equal(verified.subject, "system:serviceaccount:n:a");
  assert.deepEqual(verified.audiences, ["x"]);
  assert.deepEqual(claimsOf(token)["kubernetes.io"], {
    namespace: "n",
    node: { name: "m", uid: "mu" },
    pod: { name: "p", uid: "pu" },
    serviceaccount: { name: "a", uid: "u" },
  });
  clock.advance(601_000);
  await assert.rejects(tokens.verify(token), /exp/);
});

test("token issuer knows its own tokens from others, and takes no other algorithm", async (context) => {
  const { options, tokens } = await issuerOf(context);
  const { token } = await tokens.issue(account, { audiences: [], expirationSeconds: 600 }, bound);
  assert.deepEqual((await tokens.verify(token))!.audiences, ["api"]);
  for (const other of ["abc", "a.b.c", "", "..."]) assert.equal(await tokens.verify(other), undefined, other);
  const stranger = await issuerOf(context);
  const foreign = await stranger.tokens.issue(account, { audiences: [], expirationSeconds: 600 }, bound);
  await assert.rejects(tokens.verify(foreign.token), /signature/);
  const [, payload] = token.split(".");
  const none = Buffer.from('{"alg":"none"}').toString("base64url");
  await assert.rejects(tokens.verify(`${none}.${payload}.`));
  const elsewhere = createTokenIssuer({ ...options, issuer: "https://elsewhere", crypto: systemCrypto });
  assert.equal(await elsewhere.verify(token), undefined);
});

test("token issuer extends only pods' default tokens for the API server itself", async (context) => {
  const { tokens } = await issuerOf(context);
  const lifeOf = async (audiences: string[], expirationSeconds: number, to: unknown = bound): Promise<number> => {
    const { token, expirationTimestamp } = await tokens.issue(account, { audiences, expirationSeconds }, to as never);
    assert.equal(Date.parse(expirationTimestamp), Date.UTC(2026, 0, 1) + expirationSeconds * 1000);
    const { exp, iat } = claimsOf(token);
    return exp - iat;
  };
  const year = 365 * 24 * 60 * 60;
  assert.equal(await lifeOf([], 3607), year);
  assert.equal(await lifeOf(["api"], 3607), year);
  assert.equal(await lifeOf(["vault"], 3607), 3607);
  assert.equal(await lifeOf([], 3600), 3600);
  assert.equal(await lifeOf([], 3607, {}), 3607);
});
