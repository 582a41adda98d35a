// What may be done to a certificate request, and by which door.
import assert from "node:assert/strict";
import test from "node:test";
import type { Strategy } from "../kind.ts";
import type { Draft } from "../object.ts";
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from "../types/certificates-v1.gen.ts";
import { certificateSigningRequest } from "./certificate-signing-request.ts";
import { decodePem } from "./pem.ts";

const pem = [
  "-----BEGIN CERTIFICATE REQUEST-----",
  "MIHGMG4CAQAwDDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA",
  "BBGTD9j543I54ZRUcFlCtl9GhTpUGpNa0zIFPZpMSrgYmsdhrTrQkkogFi9a2GaO",
  "O7q/8hRnpX3NsItgDJchEUGgADAKBggqhkjOPQQDAgNIADBFAiEA0ZGRq5RUQrHe",
  "AWFTzSDkjcZ6wOAKAb0kRM3+h4S5OKgCIHTNRdBjaX/Y3lVgUCOYMKBzDE5MCPxf",
  "iMU30MIPwInG",
  "-----END CERTIFICATE REQUEST-----",
  "",
].join("\n");

const context = { now: "2020-01-01T00:00:00Z", dryRun: false, user: { username: "jane", groups: ["a", "b"] } };
const { strategy, subresources } = certificateSigningRequest;
const strategyOf = (name: string): Strategy<CertificateSigningRequest> =>
  subresources.find((subresource) => subresource.name === name)!.strategy!;

function make(text = pem): CertificateSigningRequest {
  const draft: Draft<CertificateSigningRequest> = {
    metadata: { name: "x" } as never,
    spec: { request: btoa(text), signerName: "example.com/s", usages: ["client auth"], username: "somebody else" },
  };
  strategy.prepareForCreate!(draft, context);
  return draft as CertificateSigningRequest;
}

// What comes behind the sort of error and the value.
const told = (message: string): string => message.replace(/^(Invalid value: (null|"[^"]*"|'[^']*')|Forbidden): /, "");

const details = (object: CertificateSigningRequest): string[] =>
  strategy.validate!(object, context).map(({ field, message }) => `${field}: ${told(message)}`);

const approved: CertificateSigningRequestCondition = { type: "Approved", status: "True", reason: "r" };

function write(by: Strategy<CertificateSigningRequest>, old: CertificateSigningRequest, status: object): string[] {
  const draft = { ...structuredClone(old), status: structuredClone(status) } as Draft<CertificateSigningRequest>;
  by.prepareForUpdate!(draft, old, context);
  return by.validateUpdate!(draft as CertificateSigningRequest, old, context).map(({ message }) => told(message));
}

test("certificateSigningRequest records who asks when it is created", () => {
  const { spec } = make();
  assert.equal(spec.username, "jane");
  assert.deepEqual(spec.groups, ["a", "b"]);
  assert.deepEqual(details(make()), []);
});

test("certificateSigningRequest refuses requests when they have not the shape of one", () => {
  const cases = [
    ["", "PEM block type must be CERTIFICATE REQUEST"],
    [pem.replaceAll("REQUEST", "CHAIN"), "PEM block type must be CERTIFICATE REQUEST"],
    [pem.replace("-----END", "----END"), "PEM block type must be CERTIFICATE REQUEST"],
    [
      `-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----`,
      "asn1: syntax error: sequence truncated",
    ],
    [
      `-----BEGIN CERTIFICATE REQUEST-----\nMIAA\n-----END CERTIFICATE REQUEST-----`,
      "asn1: syntax error: indefinite length found (not DER)",
    ],
  ] as const;
  for (const [text, expected] of cases) assert.deepEqual(details(make(text)), [`spec.request: ${expected}`]);
});

test("certificateSigningRequest is approved only by approval, and issued only by status", () => {
  const asked = make();
  assert.deepEqual(write(strategyOf("approval"), asked, { conditions: [approved] }), []);
  assert.deepEqual(write(strategyOf("status"), asked, { conditions: [approved] }), [
    'updates may not add a condition of type "Approved"',
  ]);
  const both = { conditions: [approved, { ...approved, type: "Denied" }] };
  assert.deepEqual(write(strategyOf("approval"), asked, both), [
    "Approved and Denied conditions are mutually exclusive",
  ]);
  assert.deepEqual(write(strategyOf("status"), asked, { certificate: btoa("x") }), [
    "must contain at least one CERTIFICATE PEM block",
  ]);
  const decided = { ...asked, status: { conditions: [approved] } };
  assert.deepEqual(write(strategyOf("approval"), decided, {}), [
    'updates may not remove a condition of type "Approved"',
  ]);
});

test("decodePem passes over what only looks like a block", () => {
  const text = "text\n-----BEGIN A-----\n%%\n-----END A-----\n-----BEGIN B-----\nk: v\n\neHg=\n-----END B-----\n";
  const block = decodePem(text);
  assert.deepEqual([block?.type, block?.headers, block?.rest], ["B", 1, ""]);
  assert.deepEqual([...block!.bytes], [120, 120]);
});
