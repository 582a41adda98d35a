// All that the workers of one node share: ports, the node's facts, and the parts that they work with. Imports src/base,
// src/kinds, src/client.
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { Pod, Secret } from "../../kinds/types/core-v1.gen.ts";
import type { CgroupHost } from "../cgroup-host.ts";
import type { DnsConfig } from "../container/dns.ts";
import type { EventRecorder } from "../events.ts";
import type { ImagePuller } from "../images/image-puller.ts";
import type { LogFiles } from "../log-files.ts";
import type { NodeMachine } from "../machine.ts";
import type { Amounts } from "../pod/amounts.ts";
import type { Prober } from "../prober.ts";
import type { Runtime } from "../runtime.ts";
import type { VolumeHost } from "../volume-host.ts";
import type { ObjectSource } from "../volumes/object-source.ts";
import type { PodVolumes } from "../volumes/pod-volumes.ts";
import type { Tokens } from "../volumes/tokens.ts";
import type { RuntimeIndex } from "./runtime-index.ts";
import type { StatusWriter } from "./status-writer.ts";

export interface NodeFacts {
  readonly name: string;
  /** "containerd": the scheme of container ids. */
  readonly runtimeName: string;
  readonly addresses: readonly string[];
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  readonly seccompRoot: string;
  readonly startedMs: number;
}

export interface NodeServices {
  readonly runtime: Runtime;
  readonly index: RuntimeIndex;
  readonly machine: NodeMachine;
  readonly volumeHost: VolumeHost;
  readonly cgroups: CgroupHost;
  readonly prober: Prober;
  readonly logFiles: LogFiles;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly recorder: EventRecorder;
  readonly statuses: StatusWriter;
  readonly volumes: PodVolumes;
  readonly objects: ObjectSource;
  readonly tokens: Tokens;
  readonly images: ImagePuller;
  readonly facts: NodeFacts;
  readonly nodeDns: () => Promise<DnsConfig>;
  readonly allocatable: () => Amounts;
  /** Why pods cannot have a network now; undefined: they can. */
  readonly networkFailure: () => string | undefined;
  /** The handler of a RuntimeClass; rejects where there is none. */
  readonly runtimeHandler: (className: string | undefined) => Promise<string>;
  /** Variables of the services that a pod of the namespace sees. */
  /** Whether the runtime can do that under its default handler, as it last told. */
  readonly supports: (feature: "recursiveReadOnlyMounts" | "userNamespaces") => boolean;
  readonly serviceEnv: (pod: Pod) => Promise<readonly { readonly name: string; readonly value: string }[]>;
  readonly pullSecrets: (pod: Pod) => Promise<readonly Secret[]>;
}
