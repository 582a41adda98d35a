// Cryptography as an argument; the real one is in host/. Imports nothing.

export interface Crypto {
  /** A random (version 4) UUID. */
  uuid(): string;
  randomBytes(length: number): Uint8Array;
  sha256(bytes: Uint8Array): Uint8Array;
}
