// Whether bytes have the shape of a certificate or of a request for one: DER (X.690) with the outer parts of PKCS #10 or
// X.509. The errors are Go's (encoding/asn1), which clients read. What is inside the parts, and the signature, is for
// whoever has cryptography. Imports nothing.

interface Header {
  readonly class: number;
  readonly tag: number;
  readonly compound: boolean;
  readonly length: number;
  /** Where the content begins. */
  readonly start: number;
}

/** Lengths from here on are refused, as Go's reader does. */
const lengthBefore = 2 ** 23;

const syntax = (text: string): string => `asn1: syntax error: ${text}`;
const structure = (text: string): string => `asn1: structure error: ${text}`;
const isText = (value: unknown): value is string => typeof value === "string";

function readLength(bytes: Uint8Array, at: number): readonly [length: number, start: number] | string {
  const first = bytes[at];
  if (first === undefined) return syntax("truncated tag or length");
  if (first < 0x80) return [first, at + 1];
  const count = first & 0x7f;
  if (count === 0) return syntax("indefinite length found (not DER)");
  let length = 0;
  for (let index = 1; index <= count; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) return syntax("truncated tag or length");
    if (length >= lengthBefore) return structure("length too large");
    length = length * 256 + byte;
    if (length === 0) return structure("superfluous leading zeros in length");
  }
  return length < 0x80 ? structure("non-minimal length") : [length, at + 1 + count];
}

function readTag(bytes: Uint8Array, at: number): readonly [tag: number, next: number] | string {
  const low = bytes[at]! & 0x1f;
  if (low !== 0x1f) return [low, at + 1];
  let tag = 0;
  for (let index = at + 1; ; index += 1) {
    const byte = bytes[index];
    if (byte === undefined) return syntax("truncated base 128 integer");
    if (index === at + 1 && byte === 0x80) return syntax("integer is not minimally encoded");
    tag = tag * 128 + (byte & 0x7f);
    if (tag > 2 ** 31 - 1) return structure("base 128 integer too large");
    if (byte < 0x80) return tag < 0x1f ? syntax("non-minimal tag") : [tag, index + 1];
  }
}

function readHeader(bytes: Uint8Array, at: number): Header | string {
  if (at >= bytes.length) return syntax("sequence truncated");
  const tag = readTag(bytes, at);
  if (isText(tag)) return tag;
  const length = readLength(bytes, tag[1]);
  if (isText(length)) return length;
  const first = bytes[at]!;
  return { class: first >> 6, tag: tag[0], compound: (first & 0x20) !== 0, length: length[0], start: length[1] };
}

/** One part: its tag, whether it has parts itself, and how Go calls its type. */
interface Part {
  readonly tag: number;
  readonly name: string;
  readonly parts?: readonly Part[];
}

const plainParameters =
  "{optional:false explicit:false application:false private:false defaultValue:<nil> tag:<nil> stringType:0 timeType:0 " +
  "set:false omitEmpty:false}";
const sequenceTag = 16;
const bitStringTag = 3;
const integerTag = 2;

/** Checks a part and returns where it ends, or the error. */
function checkPart(bytes: Uint8Array, at: number, { tag, name, parts }: Part): number | string {
  const header = readHeader(bytes, at);
  if (isText(header)) return header;
  const { start, length, compound } = header;
  if (header.class !== 0 || header.tag !== tag || compound !== (tag === sequenceTag)) {
    const found = `{class:${header.class} tag:${header.tag} length:${length} isCompound:${compound}}`;
    return structure(`tags don't match (${tag} vs ${found}) ${plainParameters} ${name} @${start}`);
  }
  if (start + length > bytes.length) return syntax("data truncated");
  const inner = bytes.subarray(start, start + length);
  let position = 0;
  for (const part of parts ?? []) {
    const next = checkPart(inner, position, part);
    if (isText(next)) return next;
    position = next;
  }
  return start + length;
}

const algorithm: Part = { tag: sequenceTag, name: "AlgorithmIdentifier" };
const signature: Part = { tag: bitStringTag, name: "BitString" };
const requestInfo: Part = {
  tag: sequenceTag,
  name: "tbsCertificateRequest",
  parts: [{ tag: integerTag, name: "int" }],
};
const request: Part = { tag: sequenceTag, name: "certificateRequest", parts: [requestInfo, algorithm, signature] };

/** What is wrong with the outer shape of a PKCS #10 request (RFC 2986), or undefined. */
export function checkRequestShape(bytes: Uint8Array): string | undefined {
  const end = checkPart(bytes, 0, request);
  if (isText(end)) return end;
  return end < bytes.length ? syntax("trailing data") : undefined;
}

const certificate: Part = {
  tag: sequenceTag,
  name: "certificate",
  parts: [{ tag: sequenceTag, name: "tbsCertificate" }, algorithm, signature],
};

/** What is wrong with the outer shape of certificates (RFC 5280) one behind the other, or undefined. */
export function checkCertificatesShape(bytes: Uint8Array): string | undefined {
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.subarray(at);
    const end = checkPart(rest, 0, certificate);
    // Go reads certificates with another reader, which has one error for all of this.
    if (isText(end)) return "x509: malformed certificate";
    at += end;
  }
  return undefined;
}
