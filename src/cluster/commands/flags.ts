// The command line's flags: --name value, --name=value, --switch. May import nothing.

export interface FlagTypes {
  readonly [name: string]: "text" | "switch" | "list";
}
export interface ParsedFlags {
  readonly positional: readonly string[];
  text(name: string): string | undefined;
  isSet(name: string): boolean;
  list(name: string): readonly string[];
}

/** A mistake on the command line: printed as it is, exit status 1. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Throws UsageError for a flag that is not known, or that lacks its value. */
export function parseFlags(args: readonly string[], types: FlagTypes): ParsedFlags {
  const values = new Map<string, string[]>();
  const positional: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index]!;
    if (!arg.startsWith("--")) {
      positional.push(arg);
      continue;
    }
    const equals = arg.indexOf("=");
    const name = arg.slice(2, equals < 0 ? undefined : equals);
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    if (type === undefined) throw new UsageError(`unknown flag: --${name}`);
    let value = equals < 0 ? undefined : arg.slice(equals + 1);
    if (type === "switch") value ??= "true";
    else if (value === undefined) {
      index += 1;
      value = args[index];
      if (value === undefined) throw new UsageError(`flag needs an argument: --${name}`);
    }
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return {
    positional,
    text: (name) => values.get(name)?.at(-1),
    isSet: (name) => values.get(name)?.at(-1) === "true",
    list: (name) => values.get(name) ?? [],
  };
}
