// Images that stand in for public ones under the same names, made of busybox, perl and small scripts: what the examples and the
// end-to-end tests run where nothing can be pulled from outside. May import node, src/host.
import { readFile } from "node:fs/promises";
import { buildImage, type ImageFile } from "../../src/host/images/build-image.ts";
import type { ImageContent } from "../../src/host/images/image-content.ts";
import { runProgram } from "../../src/host/machine/run-program.ts";
import { findProgram } from "../../src/host/install/programs.ts";
import { readBusybox } from "./busybox.ts";

const text = (path: string, lines: readonly string[], mode = 0o644): ImageFile => ({
  path,
  bytes: Buffer.from(lines.join("\n") + "\n"),
  mode,
});

// The usual programs, should the machine's own busybox not be able to list its own.
const appletsKnown =
  "sh ash cat ls sleep test [ touch true false echo printf env id ps kill mkdir rm cp mv ln chmod chown head tail grep sed awk wc nc wget hostname stat sort uniq cut tr date dd df du find mount umount ip ifconfig nslookup ping vi httpd";

async function listApplets(): Promise<string[]> {
  const busybox = await findProgram("busybox");
  if (busybox === undefined) return appletsKnown.split(" ");
  const { stdout } = await runProgram(busybox, ["--list"]);
  return [...new Set([...appletsKnown.split(" "), ...stdout.trim().split("\n")])].filter((name) => name !== "busybox");
}

/** A root file system with busybox as every usual program. */
async function rootFiles(): Promise<ImageFile[]> {
  const folders = ["bin", "etc", "root", "home", "usr", "usr/bin", "var", "var/log", "proc", "sys", "dev", "run"];
  const applets = (await listApplets()).filter((name) => /^[a-z0-9[_-]+$/.test(name));
  return [
    ...folders.map((path) => ({ path, folder: true })),
    { path: "tmp", folder: true, mode: 0o1777 },
    { path: "bin/busybox", bytes: await readBusybox() },
    ...applets.map((name) => ({ path: `bin/${name}`, link: "busybox" })),
    text("etc/passwd", ["root:x:0:0:root:/root:/bin/sh", "nobody:x:65534:65534:nobody:/:/bin/false"]),
    text("etc/group", ["root:x:0:", "nogroup:x:65534:"]),
  ];
}

// An HTTP server in a language that every Debian machine has, without any of its modules: answers with the host name, and
// /health with the status that the query asks for. Numbers are Linux's: AF_INET, SOCK_STREAM, SOL_SOCKET, SO_REUSEADDR.
const serveScript = [
  "#!/usr/bin/perl",
  "$SIG{TERM} = $SIG{INT} = sub { exit 0 }; $SIG{PIPE} = 'IGNORE';",
  "open(H, '<', '/proc/sys/kernel/hostname'); my $host = <H>; close(H);",
  "my $port = $ENV{PORT} || 8080;",
  "socket(S, 2, 1, 6) or die $!; setsockopt(S, 1, 2, pack('l', 1));",
  "bind(S, pack('S n a4 x8', 2, $port, \"\\0\\0\\0\\0\")) or die $!; listen(S, 128) or die $!;",
  '$| = 1; print "listening on $port\\n";',
  "while (1) {",
  "  next unless accept(C, S);",
  "  my $first = <C>; while (my $line = <C>) { last if $line =~ /^\\r?\\n$/ }",
  "  my ($method, $target) = split(/ /, $first || ''); my ($code, $text) = (200, $host);",
  '  if ($target =~ m{^/health}) { $text = "OK\\n"; $code = $1 if $target =~ /[?&]code=(\\d{3})/ }',
  '  print C "HTTP/1.1 $code Status\\r\\nContent-Type: text/plain\\r\\nContent-Length: ", length($text),',
  '    "\\r\\nConnection: close\\r\\n\\r\\n", $text; close(C);',
  "}",
];

/** A program with the libraries that it is linked to, at their own places. */
async function programFiles(path: string): Promise<ImageFile[]> {
  const { stdout } = await runProgram("ldd", [path]);
  const libraries = [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => match[1]!);
  const files = [path, ...new Set(libraries)].map(async (file) => ({
    path: file.slice(1),
    bytes: await readFile(file),
  }));
  return Promise.all(files);
}

/** hello-world, myweb, go-myweb, ubuntu and busybox under their public names, each as `:latest`. */
export async function buildStandIns(): Promise<readonly ImageContent[]> {
  const root = await rootFiles();
  const perl = await programFiles("/usr/bin/perl");
  const web = [...root, ...perl, text("bin/serve", serveScript, 0o755)];
  const release = text("etc/os-release", ['NAME="Ubuntu"', "ID=ubuntu", 'PRETTY_NAME="A stand-in for Ubuntu"']);
  const greeting = ["", "Hello from Proa!", "This message shows that your cluster runs containers.", ""].join("\n");
  return Promise.all([
    buildImage({ name: "c1t1d0s7/myweb", files: web, command: ["/bin/serve"], ports: [8080] }),
    buildImage({ name: "ghcr.io/c1t1d0s7/go-myweb", files: web, command: ["/bin/serve"], ports: [8080] }),
    buildImage({ name: "ubuntu", files: [...root, release], command: ["/bin/sh"] }),
    buildImage({ name: "busybox", files: root, command: ["sh"] }),
    buildImage({ name: "hello-world", files: root, command: ["/bin/echo", greeting] }),
  ]);
}
