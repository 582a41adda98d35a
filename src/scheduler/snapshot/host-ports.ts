// The ports in use on one node. An address of 0.0.0.0 stands for all. Source: kube-scheduler/framework HostPortInfo. May
// import src/base, src/kinds.
import type { HostPort } from "../pod-info.ts";

const allAddresses = "0.0.0.0";
const keyOf = ({ protocol, port }: HostPort): string => `${protocol}/${port}`;

export class HostPorts {
  /** By protocol and port: how many pods use it on each address. */
  readonly #uses = new Map<string, Map<string, number>>();

  add(ports: readonly HostPort[]): void {
    for (const one of ports) {
      const key = keyOf(one);
      const addresses = this.#uses.get(key) ?? new Map<string, number>();
      addresses.set(one.ip, (addresses.get(one.ip) ?? 0) + 1);
      this.#uses.set(key, addresses);
    }
  }

  remove(ports: readonly HostPort[]): void {
    for (const one of ports) {
      const key = keyOf(one);
      const addresses = this.#uses.get(key);
      const left = (addresses?.get(one.ip) ?? 0) - 1;
      if (left > 0) addresses!.set(one.ip, left);
      else addresses?.delete(one.ip);
      if (addresses?.size === 0) this.#uses.delete(key);
    }
  }

  conflicts(ports: readonly HostPort[]): boolean {
    return ports.some((one) => {
      const addresses = this.#uses.get(keyOf(one));
      if (!addresses) return false;
      return one.ip === allAddresses || addresses.has(allAddresses) || addresses.has(one.ip);
    });
  }
}
