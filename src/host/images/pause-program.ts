// The program that holds a pod's namespaces, as an ELF file made here: machines that run Proa have no compiler, and it is
// some hundred bytes. It blocks SIGINT, SIGTERM and SIGCHLD and waits for them: a child that ended (it is process 1 where a
// pod shares its process namespace) is reaped, the others end it with status 0. May import node.

export type Architecture = "amd64" | "arm64";

const signals = { interrupt: 2, terminate: 15, child: 17 } as const;
/** A signal set as the kernel takes it: signal n is bit n - 1, 64 bits. */
const signalSet = Object.values(signals).reduce((set, signal) => set | (1n << BigInt(signal - 1)), 0n);
const signalSetBytes = 8;
const waitNoHang = 1;

const elfHeaderBytes = 64;
const programHeaderBytes = 56;
const codeOffset = elfHeaderBytes + programHeaderBytes;
const loadAddress = 0x400000n;

/** A piece of code: bytes, or bytes that depend on where labels lie. `size` is known before the labels are. */
interface Piece {
  readonly size: number;
  readonly label?: string;
  encode(at: number, labels: ReadonlyMap<string, number>): readonly number[];
}

const label = (name: string): Piece => ({ size: 0, label: name, encode: () => [] });
const bytes = (...values: number[]): Piece => ({ size: values.length, encode: () => values });
const little32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);

function assemble(pieces: readonly Piece[]): Uint8Array {
  const labels = new Map<string, number>();
  let at = 0;
  for (const piece of pieces) {
    if (piece.label !== undefined) labels.set(piece.label, at);
    at += piece.size;
  }
  const code: number[] = [];
  for (const piece of pieces) code.push(...piece.encode(code.length, labels));
  const set = Buffer.alloc(signalSetBytes);
  set.writeBigUInt64LE(signalSet);
  labels.set("set", at);
  return Buffer.concat([Buffer.from(code), set]);
}

/** Where a label lies, the signal set at the end of the code included. */
const offsetOf = (name: string, labels: ReadonlyMap<string, number>, codeSize: number): number =>
  name === "set" ? codeSize : labels.get(name)!;

function printAmd64(): Uint8Array {
  const pieces: Piece[] = [];
  const size = (): number => pieces.reduce((sum, piece) => sum + piece.size, 0);
  const relative = (opcode: readonly number[], name: string): Piece => ({
    size: opcode.length + 4,
    // Relative to the next instruction.
    encode: (at, labels) => [...opcode, ...little32(offsetOf(name, labels, size()) - (at + opcode.length + 4))],
  });
  const setEax = (value: number): Piece => bytes(0xb8, ...little32(value));
  const setR10 = (value: number): Piece => bytes(0x41, 0xba, ...little32(value));
  const setEdx = (value: number): Piece => bytes(0xba, ...little32(value));
  const compareEax = (value: number): Piece => bytes(0x83, 0xf8, value);
  const syscall = bytes(0x0f, 0x05);
  const zeroEdi = bytes(0x31, 0xff);
  const zeroEsi = bytes(0x31, 0xf6);
  pieces.push(
    // rt_sigprocmask(SIG_BLOCK, set, NULL, 8)
    setEax(14),
    zeroEdi,
    relative([0x48, 0x8d, 0x35], "set"),
    setEdx(0),
    setR10(signalSetBytes),
    syscall,
    label("wait"),
    // eax = rt_sigtimedwait(set, NULL, NULL, 8)
    setEax(128),
    relative([0x48, 0x8d, 0x3d], "set"),
    zeroEsi,
    setEdx(0),
    setR10(signalSetBytes),
    syscall,
    compareEax(signals.interrupt),
    relative([0x0f, 0x84], "exit"),
    compareEax(signals.terminate),
    relative([0x0f, 0x84], "exit"),
    compareEax(signals.child),
    relative([0x0f, 0x85], "wait"),
    label("reap"),
    // eax = wait4(-1, NULL, WNOHANG, NULL); again while it has found one
    setEax(61),
    bytes(0x48, 0xc7, 0xc7, 0xff, 0xff, 0xff, 0xff),
    zeroEsi,
    setEdx(waitNoHang),
    setR10(0),
    syscall,
    bytes(0x85, 0xc0),
    relative([0x0f, 0x8f], "reap"),
    relative([0xe9], "wait"),
    label("exit"),
    // exit_group(0)
    setEax(231),
    zeroEdi,
    syscall,
  );
  return assemble(pieces);
}

function printArm64(): Uint8Array {
  const pieces: Piece[] = [];
  const size = (): number => pieces.reduce((sum, piece) => sum + piece.size, 0);
  const word = (value: number): Piece => bytes(...little32(value));
  const jump = (encode: (distance: number) => number, name: string): Piece => ({
    size: 4,
    encode: (at, labels) => little32(encode(offsetOf(name, labels, size()) - at)),
  });
  /** movz Xn, #value */
  const set = (register: number, value: number): Piece => word((0xd2800000 | (value << 5) | register) >>> 0);
  /** adr Xn, set */
  const setAddress = (register: number): Piece =>
    jump((far) => (0x10000000 | ((far & 3) << 29) | (((far >> 2) & 0x7ffff) << 5) | register) >>> 0, "set");
  /** cmp X0, #value */
  const compare = (value: number): Piece => word((0xf1000000 | (value << 10) | 31) >>> 0);
  const conditions = { equal: 0, different: 1, greater: 12 } as const;
  const jumpIf = (condition: keyof typeof conditions, name: string): Piece =>
    jump((far) => (0x54000000 | (((far >> 2) & 0x7ffff) << 5) | conditions[condition]) >>> 0, name);
  const always = (name: string): Piece => jump((far) => (0x14000000 | ((far >> 2) & 0x3ffffff)) >>> 0, name);
  const call = (number: number): Piece[] => [set(8, number), word(0xd4000001)];
  pieces.push(
    // rt_sigprocmask(SIG_BLOCK, set, NULL, 8)
    set(0, 0),
    setAddress(1),
    set(2, 0),
    set(3, signalSetBytes),
    ...call(135),
    label("wait"),
    // x0 = rt_sigtimedwait(set, NULL, NULL, 8)
    setAddress(0),
    set(1, 0),
    set(2, 0),
    set(3, signalSetBytes),
    ...call(137),
    compare(signals.interrupt),
    jumpIf("equal", "exit"),
    compare(signals.terminate),
    jumpIf("equal", "exit"),
    compare(signals.child),
    jumpIf("different", "wait"),
    label("reap"),
    // x0 = wait4(-1, NULL, WNOHANG, NULL): movn X0, #0 is -1
    word(0x92800000),
    set(1, 0),
    set(2, waitNoHang),
    set(3, 0),
    ...call(260),
    compare(0),
    jumpIf("greater", "reap"),
    always("wait"),
    label("exit"),
    set(0, 0),
    ...call(94),
  );
  return assemble(pieces);
}

/** The file's bytes: a static program of one segment (ELF-64 Object File Format, System V ABI). */
export function printPauseProgram(architecture: Architecture): Uint8Array {
  const machine = architecture === "amd64" ? 62 : 183;
  const code = architecture === "amd64" ? printAmd64() : printArm64();
  const head = Buffer.alloc(codeOffset);
  const size = BigInt(codeOffset + code.length);
  // Magic, 64 bits, little endian, version 1.
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head.writeUInt16LE(2, 16); // executable
  head.writeUInt16LE(machine, 18);
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(loadAddress + BigInt(codeOffset), 24); // entry
  head.writeBigUInt64LE(BigInt(elfHeaderBytes), 32); // program headers
  head.writeUInt16LE(elfHeaderBytes, 52);
  head.writeUInt16LE(programHeaderBytes, 54);
  head.writeUInt16LE(1, 56); // one program header
  head.writeUInt16LE(64, 58); // size of a section header, of which there are none
  const at = elfHeaderBytes;
  head.writeUInt32LE(1, at); // load
  head.writeUInt32LE(5, at + 4); // read, execute
  head.writeBigUInt64LE(loadAddress, at + 16);
  head.writeBigUInt64LE(loadAddress, at + 24);
  head.writeBigUInt64LE(size, at + 32);
  head.writeBigUInt64LE(size, at + 40);
  head.writeBigUInt64LE(0x1000n, at + 48);
  return Buffer.concat([head, code]);
}
