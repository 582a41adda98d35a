// What a CertificateSigningRequest may hold (k8s.io/kubernetes pkg/apis/certificates/validation). What is wrong with a
// stored one already may stay. May import src/base.
import {
  duplicate,
  forbidden,
  invalid,
  notSupported,
  quote,
  required,
  type FieldError,
} from "../../base/field-error.ts";
import { semanticEqual } from "../meta/equality.ts";
import { diffLines } from "../pod/line-diff.ts";
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from "../types/certificates-v1.gen.ts";
import { checkCertificatesShape, checkRequestShape } from "./der-shape.ts";
import { decodePem } from "./pem.ts";
import { validateSignerName } from "./signer-name.ts";

const usages = [
  "any",
  "cert sign",
  "client auth",
  "code signing",
  "content commitment",
  "crl sign",
  "data encipherment",
  "decipher only",
  "digital signature",
  "email protection",
  "encipher only",
  "ipsec end system",
  "ipsec tunnel",
  "ipsec user",
  "key agreement",
  "key encipherment",
  "microsoft sgc",
  "netscape sgc",
  "ocsp signing",
  "s/mime",
  "server auth",
  "signing",
  "timestamping",
];

const legacySignerName = "kubernetes.io/legacy-unknown";
const expirationSecondsMin = 600;

function checkRequest(request: string): string | undefined {
  const block = decodePem(atob(request));
  if (block?.type !== "CERTIFICATE REQUEST") return "PEM block type must be CERTIFICATE REQUEST";
  return checkRequestShape(block.bytes);
}

function checkCertificate(certificate: string): string | undefined {
  if (certificate === "") return undefined;
  let blocks = 0;
  for (let block = decodePem(atob(certificate)); block; block = decodePem(block.rest)) {
    if (block.type !== "CERTIFICATE") return `only CERTIFICATE PEM blocks are allowed, found ${quote(block.type)}`;
    if (block.headers > 0) return "no PEM block headers are permitted";
    if (block.bytes.length === 0) return "found CERTIFICATE PEM block containing 0 certificates";
    const wrong = checkCertificatesShape(block.bytes);
    if (wrong !== undefined) return wrong;
    blocks += 1;
  }
  return blocks === 0 ? "must contain at least one CERTIFICATE PEM block" : undefined;
}

type Conditions = readonly CertificateSigningRequestCondition[];
const conditionsOf = (object: CertificateSigningRequest | undefined): Conditions => object?.status?.conditions ?? [];
const ofType = (object: CertificateSigningRequest, type: string): CertificateSigningRequestCondition[] =>
  conditionsOf(object).filter((condition) => condition.type === type);
const isRepeated = <T>(list: readonly T[]): boolean => new Set(list).size < list.length;

function validateStatus({ type, status = "" }: CertificateSigningRequestCondition, field: string): FieldError[] {
  const allowed = ["Approved", "Denied", "Failed"].includes(type) ? ["True"] : ["False", "True", "Unknown"];
  if (status === "") return [required(field)];
  return allowed.includes(status) ? [] : [notSupported(field, status, allowed)];
}

function validateConditions(object: CertificateSigningRequest, old?: CertificateSigningRequest): FieldError[] {
  const field = "status.conditions";
  const before = conditionsOf(old).map(({ type }) => type ?? "");
  const bothAllowed = before.includes("Approved") && before.includes("Denied");
  const seen = new Set<string>();
  return conditionsOf(object).flatMap((condition, index) => {
    const type = condition.type ?? "";
    const at = `${field}[${index}]`;
    const errors = type === "" && !before.includes("") ? [required(`${at}.type`)] : [];
    errors.push(...validateStatus(condition, `${at}.status`));
    const other = { Approved: "Denied", Denied: "Approved" }[type];
    if (!bothAllowed && other !== undefined && seen.has(other)) {
      errors.push(invalid(field, type, "Approved and Denied conditions are mutually exclusive"));
    }
    if (seen.has(type) && !isRepeated(before)) errors.push(duplicate(`${at}.type`, type));
    seen.add(type);
    return errors;
  });
}

function validateUsages(list: readonly string[], old: readonly string[]): FieldError[] {
  const field = "spec.usages";
  const errors = list.length === 0 ? [required(field)] : [];
  if (old.every((usage) => usages.includes(usage))) {
    for (const [index, usage] of list.entries()) {
      if (!usages.includes(usage)) errors.push(notSupported(`${field}[${index}]`, usage, usages));
    }
  }
  if (isRepeated(old)) return errors;
  for (const [index, usage] of list.entries()) {
    if (list.indexOf(usage) < index) errors.push(duplicate(`${field}[${index}]`, usage));
  }
  return errors;
}

/** All that a request's own fields must keep to, whoever writes it. */
export function validateRequest(object: CertificateSigningRequest, old?: CertificateSigningRequest): FieldError[] {
  const { request = "", signerName = "", expirationSeconds } = object.spec;
  const errors: FieldError[] = [];
  const wrong = checkRequest(request);
  if (wrong !== undefined) errors.push(invalid("spec.request", request || null, wrong));
  errors.push(...validateUsages(object.spec.usages ?? [], old?.spec.usages ?? []));
  if (signerName === legacySignerName && old?.spec.signerName !== legacySignerName) {
    errors.push(invalid("spec.signerName", signerName, "the legacy signerName is not allowed via this API version"));
  } else errors.push(...validateSignerName(signerName, "spec.signerName"));
  if (expirationSeconds !== undefined && expirationSeconds < expirationSecondsMin) {
    const detail = "may not specify a duration less than 600 seconds (10 minutes)";
    errors.push(invalid("spec.expirationSeconds", expirationSeconds, detail));
  }
  errors.push(...validateConditions(object, old));
  const [now, before] = [object.status?.certificate ?? "", old?.status?.certificate ?? ""];
  const kept = old !== undefined && (now === before || checkCertificate(before) !== undefined);
  const badCertificate = kept ? undefined : checkCertificate(now);
  if (badCertificate === undefined) return errors;
  return [...errors, invalid("status.certificate", "<certificate data>", badCertificate)];
}

/** Conditions as upstream prints them in a difference. */
const printConditions = (list: Conditions): string =>
  JSON.stringify(
    list.map((one) => ({
      Type: one.type,
      Status: one.status,
      Reason: one.reason ?? "",
      Message: one.message ?? "",
      LastUpdateTime: one.lastUpdateTime ?? null,
      LastTransitionTime: one.lastTransitionTime ?? null,
    })),
    undefined,
    1,
  );

function checkApproval(object: CertificateSigningRequest, old: CertificateSigningRequest, type: string): FieldError[] {
  const [now, before] = [ofType(object, type), ofType(old, type)];
  const field = "status.conditions";
  if (now.length < before.length) return [];
  if (now.length > before.length) return [forbidden(field, `updates may not add a condition of type ${quote(type)}`)];
  if (semanticEqual(now, before)) return [];
  const difference = diffLines(printConditions(before), printConditions(now));
  return [forbidden(field, `updates may not modify a condition of type ${quote(type)}\n${difference}`)];
}

export interface RequestUpdateRules {
  readonly mayApprove?: boolean;
  readonly mayIssue?: boolean;
}

/** What an update may not do; approving and issuing are the work of a subresource each. */
export function validateRequestUpdate(
  object: CertificateSigningRequest,
  old: CertificateSigningRequest,
  { mayApprove = false, mayIssue = false }: RequestUpdateRules,
): FieldError[] {
  const field = "status.conditions";
  const errors = validateRequest(object, old);
  for (const type of ["Approved", "Denied", "Failed"]) {
    if (ofType(object, type).length < ofType(old, type).length) {
      errors.push(forbidden(field, `updates may not remove a condition of type ${quote(type)}`));
    }
  }
  if (!mayApprove) for (const type of ["Approved", "Denied"]) errors.push(...checkApproval(object, old, type));
  const [now, before] = [object.status?.certificate ?? "", old.status?.certificate ?? ""];
  if (now === before) return errors;
  if (!mayIssue) errors.push(forbidden("status.certificate", "updates may not set certificate content"));
  else if (before !== "") {
    errors.push(forbidden("status.certificate", "updates may not modify existing certificate content"));
  }
  return errors;
}
