// containerd's configuration and registry mirrors. May import node.
import assert from "node:assert/strict";
import { test } from "node:test";
import { majorVersionOf, printContainerdConfig } from "./config.ts";
import { parseMirror, printHosts } from "./registries.ts";

const settings = {
  rootFolder: "/var/lib/a b",
  stateFolder: "/run/x/state",
  socketPath: "/run/x/containerd.sock",
  registriesFolder: "/run/x/certs.d",
  cniConfigFolder: "/run/x/net.d",
  cniProgramFolder: "/usr/lib/cni",
  runcPath: "/usr/sbin/runc",
  pauseImage: "localhost/proa/pause:1",
  snapshotter: "overlayfs",
} as const;

test("printContainerdConfig writes version 2 for 1.x and version 3 for 2.x", () => {
  const one = printContainerdConfig(1, settings);
  assert.match(one, /^version = 2\nroot = "\/var\/lib\/a b"\n/);
  assert.match(one, /sandbox_image = "localhost\/proa\/pause:1"/);
  assert.match(one, /bin_dir = "\/usr\/lib\/cni"/);
  const two = printContainerdConfig(2, settings);
  assert.match(two, /^version = 3\n/);
  assert.match(two, /\[plugins\."io\.containerd\.cri\.v1\.images"\.pinned_images\]\nsandbox = /);
  assert.match(two, /bin_dirs = \["\/usr\/lib\/cni"\]/);
  for (const text of [one, two]) assert.match(text, /restrict_oom_score_adj = true/);
});

test("majorVersionOf reads the forms that distributions print", () => {
  const cases: [string, number][] = [
    ["containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3\n", 1],
    ["containerd containerd.io 1.7.25 bcc810d6b9066471b0b6fa75f557a15a1cbf31bb", 1],
    ["containerd github.com/containerd/containerd/v2 v2.3.7 ", 2],
  ];
  for (const [text, major] of cases) assert.equal(majorVersionOf(text), major, text);
  assert.throws(() => majorVersionOf("what"), /not understood/);
});

test("parseMirror takes REGISTRY=URL and says what is wrong otherwise", () => {
  assert.deepEqual(parseMirror("docker.io=http://127.0.0.1:5000"), {
    registry: "docker.io",
    url: "http://127.0.0.1:5000",
  });
  assert.equal(parseMirror("localhost:5001=https://a.example/").url, "https://a.example");
  const wrong: [string, RegExp][] = [
    ["docker.io", /not of the form/],
    ["../x=http://a", /not of the form/],
    ["docker.io=nonsense", /is no URL/],
    ["docker.io=ftp://a", /only http and https/],
    ["docker.io=http://a/path", /may not have a path/],
  ];
  for (const [text, message] of wrong) assert.throws(() => parseMirror(text), message, text);
});

test("printHosts asks the mirrors and then the registry itself", () => {
  assert.equal(
    printHosts("docker.io", ["http://127.0.0.1:5000"]),
    'server = "https://registry-1.docker.io"\n[host."http://127.0.0.1:5000"]\ncapabilities = ["pull", "resolve"]\n',
  );
  assert.match(printHosts("localhost:5001", []), /^server = "http:\/\/localhost:5001"/);
});
