// Starts the scheduler as a client of the API. May import src/base, src/kinds, src/client.
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Client, EventRecorder, InformerSet } from "../client/index.ts";
import { pod as podKind } from "../kinds/core/pod.ts";
import { PodWriter } from "./run/pod-writer.ts";
import { Scheduler } from "./run/scheduler.ts";

export interface SchedulerOptions {
  /** Acts as system:kube-scheduler. */
  readonly client: Client;
  readonly informers: InformerSet;
  /** Its source is the scheduler's name. */
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** It works until this is aborted. */
  readonly signal: AbortSignal;
  /** Pods whose spec.schedulerName is this one are placed; "default-scheduler" when it isn't given. */
  readonly name?: string;
}

/** Begins to place pods as soon as its informers know the cluster. */
export function startScheduler(options: SchedulerOptions): Scheduler {
  const { client, informers, recorder, clock, random, log, signal, name = "default-scheduler" } = options;
  const writer = new PodWriter({ client, pods: informers.of(podKind), recorder, clock, name });
  const scheduler = new Scheduler({ informers, writer, clock, random, log, signal, name });
  void informers.synced().then(
    () => scheduler.start(),
    (error: unknown) => log.error("scheduler not started", { error: String(error) }),
  );
  return scheduler;
}
