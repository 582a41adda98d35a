// The signals that may stop a container on Linux (KEP-4960), sorted as errors list them. Imports nothing.

const plain =
  "SIGABRT SIGALRM SIGBUS SIGCHLD SIGCLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGIOT SIGKILL SIGPIPE SIGPOLL " +
  "SIGPROF SIGPWR SIGQUIT SIGSEGV SIGSTKFLT SIGSTOP SIGSYS SIGTERM SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 " +
  "SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ SIGRTMIN SIGRTMAX";
const numbered = (base: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${base}${index + 1}`);

export const linuxStopSignals: readonly string[] = [
  ...plain.split(" "),
  ...numbered("SIGRTMIN+", 15),
  ...numbered("SIGRTMAX-", 14),
].sort();
