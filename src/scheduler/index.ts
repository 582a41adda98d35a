// The scheduler: decides which node each pod runs on. May import src/base, src/kinds, src/client.
export { type ClusterView, emptyView } from "./cluster-view.ts";
export type { SchedulingState } from "./cycle.ts";
export { explain, type NodeExplanation, type PodExplanation } from "./explain.ts";
export { startScheduler, type SchedulerOptions } from "./run.ts";
export { Scheduler } from "./run/scheduler.ts";
export { createDecider, type Decider, type Failure, type Placement, schedule, scheduleOne } from "./schedule.ts";
