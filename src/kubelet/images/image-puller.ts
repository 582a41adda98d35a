// Images: found on the node or pulled, by policy, with back-off and upstream's events and words
// (pkg/kubelet/images/image_manager.go). Imports src/base and src/kinds.
import type { Clock } from "../../base/clock.ts";
import { parseImageName } from "../../kinds/pod/image-name.ts";
import type { Pod, Secret } from "../../kinds/types/core-v1.gen.ts";
import type { EventRecorder, EventSubject } from "../events.ts";
import { imageBackOff } from "../limits.ts";
import { type BackOffEntry, backOffEnd, formatDuration, hasExpired, nextBackOff } from "../pod/back-off.ts";
import { type Image, type ImageSpec, type Runtime, RuntimeError, rpcText, type SandboxConfig } from "../runtime.ts";
import { findCredentials } from "./credentials.ts";

/** Why an image is not there: the reason and message of the container that waits for it. */
export class ImageError extends Error {
  override name = "ImageError";
  readonly reason: string;
  /** When it is worth trying again; undefined: at the next round. */
  readonly retryAtMs: number | undefined;
  constructor(reason: string, message: string, retryAtMs?: number) {
    super(message);
    this.reason = reason;
    this.retryAtMs = retryAtMs;
  }
}

export interface ImageRequest {
  readonly pod: Pod;
  /** What events are about: the container, or the pod for an image volume. */
  readonly reference: EventSubject;
  readonly image: string;
  readonly policy: "Always" | "IfNotPresent" | "Never";
  readonly pullSecrets: () => Promise<readonly Secret[]>;
  readonly sandbox: SandboxConfig;
  readonly runtimeHandler: string;
}
export interface FoundImage {
  readonly ref: string;
  readonly image: Image | undefined;
}
export interface ImagePuller {
  /** Rejects with ImageError. */
  ensure(request: ImageRequest): Promise<FoundImage>;
  forgetPod(podUid: string): void;
}
export interface ImagePullerOptions {
  readonly runtime: Runtime;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  /** At most so many at once; 1: one by one. */
  readonly parallelPulls: number;
}

const registryUnavailable = "RegistryUnavailable";
const signatureInvalid = "SignatureValidationFailed";

/** The text of a failed pull: an unknown code tells nothing, so upstream leaves it out (cri-client: PullImage). */
const pullText = (error: unknown): string =>
  error instanceof RuntimeError && error.code === "Unknown" ? error.message : rpcText(error);

/** The reason and message of a failed pull (evalCRIPullErr). */
function judgeFailure(image: string, message: string): { reason: string; message: string } {
  for (const [reason, why] of [
    [registryUnavailable, "the registry is unavailable"],
    [signatureInvalid, "the signature validation failed"],
  ] as const) {
    if (message.startsWith(reason)) {
      return { reason, message: `image pull failed for ${image} because ${why}${message.slice(reason.length)}` };
    }
  }
  return { reason: "ErrImagePull", message };
}

class Puller implements ImagePuller {
  readonly #options: ImagePullerOptions;
  readonly #backOff = new Map<string, BackOffEntry>();
  readonly #lastError = new Map<string, string>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: ImagePullerOptions) {
    this.#options = options;
  }

  forgetPod(podUid: string): void {
    for (const key of this.#backOff.keys()) if (key.startsWith(`${podUid}_`)) this.#backOff.delete(key);
    for (const key of this.#lastError.keys()) if (key.startsWith(`${podUid}_`)) this.#lastError.delete(key);
  }

  async ensure(request: ImageRequest): Promise<FoundImage> {
    const { recorder } = this.#options;
    const { image, policy, reference } = request;
    const name = parseImageName(image);
    if (!name) {
      const why = `couldn't parse image name "${image}": invalid reference format`;
      const message = `Failed to apply default image tag "${image}": ${why}`;
      recorder.event(reference, "Warning", "InspectFailed", message);
      throw new ImageError("InvalidImageName", message);
    }
    const tagged = name.tag === "latest" && !/:latest(?:@|$)/.test(image) && !image.includes("@");
    const spec: ImageSpec = {
      image: tagged ? `${image}:latest` : image,
      ...(request.runtimeHandler ? { runtimeHandler: request.runtimeHandler } : {}),
    };
    if (policy !== "Always") {
      const present = await this.#inspect(request, spec);
      if (present) {
        const message = `Container image "${image}" already present on machine and can be accessed by the pod`;
        recorder.event(reference, "Normal", "Pulled", message);
        return { ref: present.id, image: present };
      }
      if (policy === "Never") {
        const message = `Container image "${image}" is not present with pull policy of Never`;
        recorder.event(reference, "Warning", "ErrImageNeverPull", message);
        throw new ImageError("ErrImageNeverPull", message);
      }
    }
    return this.#pull(request, spec, name.repository);
  }

  async #inspect({ image, reference }: ImageRequest, spec: ImageSpec): Promise<Image | undefined> {
    try {
      return await this.#options.runtime.imageStatus(spec);
    } catch (error) {
      const message = `Failed to inspect image "${image}": ${rpcText(error)}`;
      this.#options.recorder.event(reference, "Warning", "InspectFailed", message);
      throw new ImageError("ImageInspectError", message);
    }
  }

  #checkBackOff(request: ImageRequest, key: string): void {
    const entry = this.#backOff.get(key);
    const nowMs = this.#options.clock.now();
    if (!entry || hasExpired(entry, nowMs, imageBackOff)) return;
    const untilMs = backOffEnd(entry, entry.updatedMs, nowMs, imageBackOff);
    if (untilMs === undefined) return;
    const text = `Back-off pulling image "${request.image}"`;
    this.#options.recorder.event(request.reference, "Normal", "BackOff", text);
    const last = this.#lastError.get(key);
    throw new ImageError("ImagePullBackOff", last ? `${text}: ${last}` : text, untilMs);
  }

  async #pull(request: ImageRequest, spec: ImageSpec, repository: string): Promise<FoundImage> {
    const { recorder, clock, runtime } = this.#options;
    const { image, reference, pod } = request;
    const key = `${pod.metadata.uid}_${image}`;
    this.#checkBackOff(request, key);
    this.#lastError.delete(key);
    recorder.event(reference, "Normal", "Pulling", `Pulling image "${image}"`);
    const askedMs = clock.monotonic();
    await this.#enter();
    const beganMs = clock.monotonic();
    try {
      const ref = await this.#pullWithCredentials(request, spec, repository);
      const endMs = clock.monotonic();
      const found = await runtime.imageStatus(spec);
      const duration = formatDuration(Math.trunc(endMs - beganMs));
      const waiting = formatDuration(Math.trunc(endMs - askedMs));
      const message =
        `Successfully pulled image "${image}" in ${duration} (${waiting} including waiting). ` +
        `Image size: ${found?.sizeBytes ?? 0} bytes.`;
      recorder.event(reference, "Normal", "Pulled", message);
      return { ref, image: found };
    } catch (error) {
      const why = pullText(error);
      recorder.event(reference, "Warning", "Failed", `Failed to pull image "${image}": ${why}`);
      const nowMs = clock.now();
      const entry = nextBackOff(this.#backOff.get(key), nowMs, nowMs, imageBackOff);
      this.#backOff.set(key, entry);
      const { reason, message } = judgeFailure(image, why);
      this.#lastError.set(key, `${reason}: ${message}`);
      // Upstream's next round, some seconds later, turns the error into a back-off; so does ours.
      throw new ImageError(reason, message, Math.min(nowMs + 2000, nowMs + entry.delayMs));
    } finally {
      this.#leave();
    }
  }

  async #pullWithCredentials(request: ImageRequest, spec: ImageSpec, repository: string): Promise<string> {
    const { runtime } = this.#options;
    const credentials = findCredentials(await request.pullSecrets(), repository);
    if (credentials.length === 0) return runtime.pullImage(spec, undefined, request.sandbox);
    const failures: Error[] = [];
    for (const auth of credentials) {
      try {
        return await runtime.pullImage(spec, auth, request.sandbox);
      } catch (error) {
        failures.push(error instanceof Error ? error : new Error(String(error)));
      }
    }
    if (failures.length === 1) throw failures[0]!;
    throw new Error(`[${failures.map(pullText).join(", ")}]`);
  }

  async #enter(): Promise<void> {
    if (this.#running >= this.#options.parallelPulls) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running += 1;
  }
  #leave(): void {
    this.#running -= 1;
    this.#waiting.shift()?.();
  }
}

export const createImagePuller = (options: ImagePullerOptions): ImagePuller => new Puller(options);
