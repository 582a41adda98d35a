// What simulated containers do: chosen by the image's or the container's name. Pure data; imports src/kubelet types.
import type { ContainerConfig } from "../../kubelet/runtime.ts";

export interface ExecAnswer {
  readonly exitCode: number;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly afterMs?: number;
}
export interface HttpScriptAnswer {
  readonly status: number;
  readonly body?: string;
}

/** How one container behaves. Without a word it runs until it is stopped, and then ends at once with 0. */
export interface ContainerScript {
  /** Ends by itself so long after its start. */
  readonly exitAfterMs?: number;
  readonly exitCode?: number;
  /** As the runtime says it: "OOMKilled"; by default "Completed" or "Error". */
  readonly reason?: string;
  /** Written to the log at the start. */
  readonly logs?: readonly string[];
  /** Written to the termination message's file at the end. */
  readonly terminationMessage?: string;
  /** How long it takes to end after the stop signal; Infinity: it takes no notice, and is killed after the time-out. */
  readonly stopAfterMs?: number;
  /** Its exit code when it ends after the stop signal. */
  readonly stopExitCode?: number;
  /** A failure of a call, in the runtime's words. */
  readonly failCreate?: string;
  readonly failStart?: string;
  readonly exec?: (command: readonly string[]) => ExecAnswer;
  /** Undefined: the connection is refused. */
  readonly http?: (port: number, path: string) => HttpScriptAnswer | undefined;
  readonly tcp?: (port: number) => boolean;
  readonly grpc?: (port: number, service: string) => string | undefined;
  readonly memoryBytes?: number;
}

export interface ImageScript {
  /** Is on the node from the start. */
  readonly present?: boolean;
  readonly failPull?: string;
  readonly pullMs?: number;
  readonly sizeBytes?: number;
  readonly uid?: number;
  readonly username?: string;
}

/** The whole simulated node's script. Functions see the attempt, so that a container may fail once and then succeed. */
export interface RuntimeScript {
  container?(name: string, image: string, attempt: number, config: ContainerConfig): ContainerScript | undefined;
  image?(image: string): ImageScript | undefined;
  /** Failures and delays of sandboxes, by the pod's name. */
  sandbox?(podName: string, attempt: number): { readonly fail?: string; readonly delayMs?: number } | undefined;
}
