// Warns of files in a volume that hide one another. Source: pkg/api/pod/warnings.go. May import src/base.
import { quote } from "../../../base/field-error.ts";
import type { Volume, VolumeProjection } from "../../types/core-v1.gen.ts";

interface PathFrom {
  readonly path: string;
  readonly source: string;
}

const print = ({ path, source }: PathFrom): string => (source ? `${quote(path)} (${source})` : quote(path));
/** By hand, since a pattern for slashes at the end would try every slash before them. */
function trim({ path, source }: PathFrom): PathFrom {
  let end = path.length;
  while (end > 0 && path[end - 1] === "/") end -= 1;
  return { path: path.slice(0, end), source };
}

/** The paths that are the same as this one, above or below it. */
function collisions(known: readonly PathFrom[], { path }: PathFrom): PathFrom[] {
  if (!path) return [];
  return known.filter(
    (one) => one.path && (`${one.path}/`.startsWith(`${path}/`) || `${path}/`.startsWith(`${one.path}/`)),
  );
}

const from = (items: readonly { readonly path?: string }[] | undefined, source: string): PathFrom[] =>
  (items ?? []).map((item) => ({ path: item.path ?? "", source }));

function pathsOf(source: VolumeProjection): PathFrom[] {
  const { configMap, secret, downwardAPI, serviceAccountToken: token } = source;
  if (configMap?.items) return from(configMap.items, `ConfigMap ${quote(configMap.name ?? "")}`);
  if (secret?.items) return from(secret.items, `Secret ${quote(secret.name ?? "")}`);
  if (downwardAPI?.items) return from(downwardAPI.items, "DownwardAPI");
  return token ? from([token], "ServiceAccountToken") : [];
}

function overlapsOf(groups: readonly (readonly PathFrom[])[]): string[] {
  const known: PathFrom[] = [];
  return groups.flat().flatMap((raw) => {
    const one = trim(raw);
    const found = collisions(known, one).map((other) => `${print(one)} with ${print(other)}`);
    known.push(one);
    return found;
  });
}

export function warnOfOverlaps(volumes: readonly Volume[]): string[] {
  return volumes.flatMap((volume) => {
    const warn = (what: string, overlaps: readonly string[]): string[] =>
      overlaps.map((text) => `volume ${quote(volume.name ?? "")} (${what}): overlapping paths: ${text}`);
    const { configMap, secret, downwardAPI, projected } = volume;
    const empty = (projected?.sources ?? []).filter((source) => Object.keys(source).length === 0);
    return [
      ...warn(`ConfigMap ${quote(configMap?.name ?? "")}`, overlapsOf([from(configMap?.items, "")])),
      ...warn(`Secret ${quote(secret?.secretName ?? "")}`, overlapsOf([from(secret?.items, "")])),
      ...warn("DownwardAPI", overlapsOf([from(downwardAPI?.items, "")])),
      ...empty.map(() => `volume ${quote(volume.name ?? "")} (Projected) has no sources provided`),
      ...warn("Projected", overlapsOf((projected?.sources ?? []).map(pathsOf))),
    ];
  });
}
