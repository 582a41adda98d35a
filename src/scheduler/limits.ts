// The scheduler's limits, each with its reason and upstream's value. Imports nothing.

/** Clusters of fewer nodes are looked at as a whole. Upstream: minFeasibleNodesToFind, 100. */
export const feasibleNodesMin = 100;
/** At least this share of the nodes is looked for, in percent. Upstream: minFeasibleNodesPercentageToFind, 5. */
export const feasiblePercentMin = 5;

/** Back-off of a pod that failed: doubled from the least to the most. Upstream: 1 s and 10 s. */
export const backOffMinMs = 1_000;
export const backOffMaxMs = 10_000;
/** Pods whose back-off ends within one window are ordered by priority. Upstream: 1 s. */
export const backOffWindowMs = 1_000;
/** A pod that nothing has helped is tried again after so long. Upstream: 5 min. */
export const unschedulableMaxMs = 5 * 60 * 1000;

/** Nodes on which preemption is tried: a tenth of those in question, at least 100. Upstream's DefaultPreemptionArgs. */
export const preemptionNodesPercent = 10;
export const preemptionNodesMin = 100;

/** What a container is reckoned to use when it asks for nothing, in scores only. Upstream: 100m and 200 MiB. */
export const missingCpuMilli = 100;
export const missingMemoryBytes = 200 * 1024 * 1024;

/** The highest score of one plugin. Upstream: MaxNodeScore. */
export const scoreMax = 100;
/** The weight of required affinity of pods that run already. Upstream: HardPodAffinityWeight, 1. */
export const requiredAffinityWeight = 1;
/** Images smaller than this in sum don't count, more than the other per container don't either. Upstream: 23 and 1000 MiB. */
export const imagesMinBytes = 23 * 1024 * 1024;
export const imagesMaxBytesPerContainer = 1000 * 1024 * 1024;

/** Longer messages of events are cut. Upstream: NoteLengthLimit, 1024 bytes. */
export const eventMessageMaxBytes = 1024;

/** Counts kept up to date per selector; the one unused for longest goes. Ours: a bound on memory and work per pod. */
export const countersMax = 64;
/** Kinds of pods whose node checks are remembered. Ours: a bound on memory. */
export const equivalencesMax = 16;

/** Bindings on their way at the same time; more wait. Ours: enough to fill one group commit of the store. */
export const bindingsMax = 64;
/** Pods decided between two yields to the rest of the process, so that no step holds the thread for long. */
export const podsPerStep = 16;
