// $(NAME) in commands, arguments and values: replaced where the name is known, left as it is elsewhere; $$ is one $
// (k8s.io/kubernetes/third_party/forked/golang/expansion). Imports nothing.

export type Lookup = (name: string) => string | undefined;

export function expand(text: string, lookup: Lookup): string {
  let result = "";
  let index = 0;
  for (;;) {
    const dollar = text.indexOf("$", index);
    if (dollar < 0 || dollar === text.length - 1) return result + text.slice(index);
    result += text.slice(index, dollar);
    const next = text[dollar + 1]!;
    const close = next === "(" ? text.indexOf(")", dollar + 2) : -1;
    if (close >= 0) {
      const name = text.slice(dollar + 2, close);
      result += lookup(name) ?? `$(${name})`;
      index = close + 1;
    } else {
      result += next === "$" ? "$" : `$${next}`;
      index = dollar + 2;
    }
  }
}
