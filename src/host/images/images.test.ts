// Images: built, packed, read back; the pause program. May import node.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { buildImage, packFiles, packImage } from "./build-image.ts";
import { digestOf, fullImageName, type ImageContent } from "./image-content.ts";
import { printPauseProgram } from "./pause-program.ts";
import { readImageArchive } from "./read-archive.ts";

const files = [
  { path: "etc", folder: true },
  { path: "etc/motd", bytes: Buffer.from("hello\n"), mode: 0o644 },
  { path: "etc/issue", link: "motd" },
];

describe("images", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "proa-images-"));
  });
  after(() => rm(folder, { recursive: true }));
  const read = async (archive: Buffer, name?: string): Promise<ImageContent[]> => {
    const file = join(folder, "archive");
    await writeFile(file, archive);
    return readImageArchive(file, await mkdtemp(join(folder, "scratch-")), name);
  };

  test("buildImage gives the same bytes for the same input, and digests that fit", async () => {
    const [one, two] = await Promise.all([1, 2].map(() => buildImage({ name: "demo", files })));
    assert.equal(one!.target.digest, two!.target.digest);
    for (const [digest, blob] of one!.blobs) assert.equal(digestOf(blob as Uint8Array), digest);
    const config = JSON.parse(Buffer.from(one!.blobs.get(one!.manifest.config.digest) as Uint8Array).toString());
    const layer = gunzipSync(one!.blobs.get(one!.manifest.layers[0]!.digest) as Uint8Array);
    assert.deepEqual(config.rootfs.diff_ids, [digestOf(layer)]);
  });

  test("readImageArchive reads back an OCI layout, gzipped or not", async () => {
    const image = await buildImage({ name: "demo:v1", files, command: ["/x"] });
    const archive = await packImage(image);
    for (const bytes of [archive, gzipSync(archive)]) {
      const [back] = await read(bytes);
      assert.deepEqual(back!.names, ["docker.io/library/demo:v1"]);
      assert.deepEqual(back!.target.digest, image.target.digest);
      assert.deepEqual([...back!.blobs.keys()].sort(), [...image.blobs.keys()].sort());
    }
  });

  test("readImageArchive reads what docker save writes, linked layers included", async () => {
    const layer = await packFiles(files);
    const config = Buffer.from(JSON.stringify({ rootfs: { type: "layers", diff_ids: [digestOf(layer)] } }));
    const entry = { Config: "abc.json", RepoTags: ["demo:1", "other:2"], Layers: ["b/layer.tar"] };
    const archive = await packFiles([
      { path: "a/layer.tar", bytes: layer },
      { path: "b/layer.tar", link: "../a/layer.tar" },
      { path: "abc.json", bytes: config },
      { path: "manifest.json", bytes: Buffer.from(JSON.stringify([entry])) },
    ]);
    const [image] = await read(archive);
    assert.deepEqual(image!.names, ["docker.io/library/demo:1", "docker.io/library/other:2"]);
    assert.equal(image!.manifest.layers[0]!.digest, digestOf(layer));
    assert.equal(image!.manifest.config.digest, digestOf(config));
  });

  test("readImageArchive says what is wrong with other files", async () => {
    await assert.rejects(read(await packFiles(files)), /is no image archive/);
    const image = await buildImage({ name: "demo", files });
    await assert.rejects(read(await packImage({ ...image, blobs: new Map() })), /is missing/);
    const evil = { schemaVersion: 2, manifests: [{ ...image.target, digest: "sha256:../../etc/passwd" }] };
    const bytes = Buffer.from(JSON.stringify(evil));
    await assert.rejects(read(await packFiles([{ path: "index.json", bytes }])), /not understood/);
    const nameless = await packImage({ ...image, names: [] });
    await assert.rejects(read(nameless), /holds no image/);
  });

  test("fullImageName completes names as Docker does", () => {
    const cases: [string, string][] = [
      ["ubuntu", "docker.io/library/ubuntu:latest"],
      ["c1t1d0s7/myweb", "docker.io/c1t1d0s7/myweb:latest"],
      ["ghcr.io/a/b:1", "ghcr.io/a/b:1"],
      ["localhost:5001/x", "localhost:5001/x:latest"],
      ["localhost/x:y", "localhost/x:y"],
    ];
    for (const [name, full] of cases) assert.equal(fullImageName(name), full);
    for (const name of ["", "UPPER", "a b", "../x"]) assert.throws(() => fullImageName(name), /invalid reference/);
  });

  test("printPauseProgram makes ELF files of both architectures with a code that jumps within itself", () => {
    for (const [architecture, machine] of [
      ["amd64", 62],
      ["arm64", 183],
    ] as const) {
      const bytes = Buffer.from(printPauseProgram(architecture));
      assert.equal(bytes.readUInt32BE(0), 0x7f454c46);
      assert.equal(bytes.readUInt16LE(18), machine);
      assert.equal(Number(bytes.readBigUInt64LE(64 + 32)), bytes.length);
    }
  });

  const skip = process.arch === "x64" || process.arch === "arm64" ? false : `no pause program for ${process.arch}`;
  test("the pause program stays until SIGTERM and ends with 0", { skip }, async () => {
    const file = join(folder, "pause");
    await writeFile(file, printPauseProgram(process.arch === "arm64" ? "arm64" : "amd64"), { mode: 0o755 });
    const child = spawn(file);
    await once(child, "spawn");
    await delay(50);
    child.kill("SIGCHLD");
    await delay(50);
    assert.equal(child.exitCode, null);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });
});
