// A whole node of this machine is started twice and taken away: the second start finds what runs. Needs root and
// containerd; says so where it has to skip. May import node, src/base, src/host.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { silentLog } from "../../src/base/log.ts";
import { claimIndex, releaseIndex } from "../../src/host/cni/cluster-addresses.ts";
import { areAddressesFree } from "../../src/host/cni/route-conflicts.ts";
import { missingPrograms } from "../../src/host/install/programs.ts";
import { startNodeHost, stopNodeHost } from "../../src/host/kubelet/node-host.ts";
import { isUnder, listMounts } from "../../src/host/machine/mounts.ts";

const missing = process.getuid?.() === 0 ? await missingPrograms() : ["root"];
const skip = missing.length > 0 ? `needs ${missing.join(", ")}` : false;

test("startNodeHost starts a node, finds it again, and stopNodeHost takes it away", { skip }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "proa-node-"));
  const stateFolder = `/run/proa/node-test-${process.pid}`;
  const addresses = await claimIndex(folder, areAddressesFree);
  const options = {
    addresses,
    containerd: { rootFolder: join(folder, "root"), stateFolder, logFile: join(folder, "containerd.log") },
    networkFolder: join(folder, "network"),
    kubeletFolder: join(folder, "kubelet"),
    podLogsFolder: join(folder, "logs"),
    mirrors: [],
    log: silentLog,
  };
  try {
    const from = performance.now();
    const first = await startNodeHost(options);
    const startMs = performance.now() - from;
    assert.equal(first.found, false);
    assert.ok(startMs < 5000, `${startMs} ms`);
    console.log(`a node was ready after ${startMs.toFixed(0)} ms`);
    first.close();
    const second = await startNodeHost(options);
    assert.equal(second.found, true);
    const { ips } = await second.runtime.setPodCidr(addresses.podCidr.replace("/16", "/24")).then(async () => {
      const config = {
        metadata: { name: "one", namespace: "default", uid: "uid-one", attempt: 0 },
        hostname: "one",
        logDirectory: join(folder, "logs/one"),
        portMappings: [],
        labels: {},
        annotations: {},
        linux: {
          cgroupParent: `/${addresses.name}/kubepods/besteffort/podone`,
          sysctls: {},
          namespaces: { network: "pod", pid: "container", ipc: "pod" },
          readonlyRootfs: false,
          supplementalGroups: [],
          privileged: false,
        },
        runtimeHandler: "",
      } as const;
      while (!(await second.runtime.conditions()).networkReady);
      return second.runtime.sandboxStatus(await second.runtime.runSandbox(config));
    });
    assert.equal(ips.length, 1);
    second.close();
  } finally {
    await stopNodeHost(options, true);
    await releaseIndex(folder);
  }
  const left = (await listMounts()).filter(({ mountPoint }) => isUnder(mountPoint, folder));
  assert.deepEqual(left, []);
  assert.ok(!existsSync(stateFolder) && !existsSync(options.networkFolder));
  await rm(folder, { recursive: true });
});
