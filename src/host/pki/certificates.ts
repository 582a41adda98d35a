// Issues X.509 certificates: the cluster's authority, the serving certificate, client certificates. P-256 keys.
// @peculiar/x509 is loaded when a certificate has to be made: a start that finds its files does not pay for it.
// May import node and src/base.
import { createPrivateKey, webcrypto, X509Certificate } from "node:crypto";

export interface KeyPair {
  readonly certificatePem: string;
  readonly keyPem: string;
}
export interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}
export interface LeafOptions {
  readonly subject: Subject;
  readonly usage: "server" | "client";
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly nowMs: number;
  readonly validForMs: number;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const dayMs = 24 * 60 * 60 * 1000;
/** Upstream's kubeadm: authorities 10 years, leaves one. */
export const authorityValidForMs = 3650 * dayMs;
export const leafValidForMs = 365 * dayMs;
/** Clocks of one cluster may differ by so much. */
const backdateMs = 5 * 60 * 1000;

type X509Module = typeof import("@peculiar/x509");

async function loadX509(): Promise<X509Module> {
  await import("reflect-metadata");
  const loaded: X509Module & { default?: X509Module } = await import("@peculiar/x509");
  // A bundle has the package's CommonJS form, whose exports lie under `default`.
  const x509 = loaded.default ?? loaded;
  x509.cryptoProvider.set(webcrypto as never);
  return x509;
}

const toPem = (label: string, der: ArrayBuffer): string => {
  const lines = Buffer.from(der)
    .toString("base64")
    .match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
};
const fromPem = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");

async function generateKeys(): Promise<{ keys: webcrypto.CryptoKeyPair; keyPem: string }> {
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
  const der = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { keys, keyPem: toPem("PRIVATE KEY", der as ArrayBuffer) };
}

/** Sixteen random bytes as a positive number: Go refuses certificates with a negative one. */
function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return Buffer.from(bytes).toString("hex");
}

/** A distinguished name: organizations first, as Go writes it. */
const distinguishedName = ({ commonName, organizations = [] }: Subject): Record<string, string[]>[] => [
  ...organizations.map((organization) => ({ O: [organization] })),
  { CN: [commonName] },
];

export async function createAuthority(commonName: string, nowMs: number): Promise<KeyPair> {
  const x509 = await loadX509();
  const { keys, keyPem } = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: distinguishedName({ commonName }),
    notBefore: new Date(nowMs - backdateMs),
    notAfter: new Date(nowMs + authorityValidForMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: commonName }]),
    ],
  });
  return { certificatePem: certificate.toString("pem") + "\n", keyPem };
}

export async function issueCertificate(authority: KeyPair, options: LeafOptions): Promise<KeyPair> {
  const x509 = await loadX509();
  const { keys, keyPem } = await generateKeys();
  const signingKey = await webcrypto.subtle.importKey("pkcs8", fromPem(authority.keyPem), algorithm, false, ["sign"]);
  const issuer = new x509.X509Certificate(authority.certificatePem);
  const names = [
    ...(options.dnsNames ?? []).map((value) => ({ type: "dns" as const, value })),
    ...(options.ipAddresses ?? []).map((value) => ({ type: "ip" as const, value })),
  ];
  const usage = options.usage === "server" ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: distinguishedName(options.subject),
    issuer: issuer.subjectName.toJSON(),
    notBefore: new Date(options.nowMs - backdateMs),
    notAfter: new Date(options.nowMs + options.validForMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension([usage]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return { certificatePem: certificate.toString("pem") + "\n", keyPem };
}

/** Whether a certificate serves these names, fits its key, was issued by the authority, and is valid for another while. */
export function stillFits(pair: KeyPair, authority: KeyPair, options: LeafOptions): boolean {
  const certificate = new X509Certificate(pair.certificatePem);
  const renewBeforeMs = options.validForMs / 5;
  return (
    certificate.verify(new X509Certificate(authority.certificatePem).publicKey) &&
    certificate.checkPrivateKey(createPrivateKey(pair.keyPem)) &&
    Date.parse(certificate.validTo) - options.nowMs > renewBeforeMs &&
    (options.dnsNames ?? []).every((name) => certificate.checkHost(name) !== undefined) &&
    (options.ipAddresses ?? []).every((address) => certificate.checkIP(address) !== undefined)
  );
}
