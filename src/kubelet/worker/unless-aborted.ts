// Waiting that ends early when there is something more urgent. Imports nothing.

/** The task's outcome, or undefined when the signal is aborted before: the task goes on unheeded. */
export function unlessAborted<T>(task: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
    task.then(resolve, reject);
  });
}
