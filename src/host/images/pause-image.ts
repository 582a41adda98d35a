// The image that every pod's sandbox runs, made on the spot: nothing has to be pulled before the first pod. May import node.
import { buildImage } from "./build-image.ts";
import { machineArchitecture, type ImageContent } from "./image-content.ts";
import { printPauseProgram } from "./pause-program.ts";

export const pauseImageName = "localhost/proa/pause:1";

export function buildPauseImage(): Promise<ImageContent> {
  const architecture = machineArchitecture();
  return buildImage({
    name: pauseImageName,
    architecture,
    files: [{ path: "pause", bytes: printPauseProgram(architecture), mode: 0o755 }],
    entrypoint: ["/pause"],
    // As upstream's pause image: nobody's.
    user: "65535:65535",
    workingDir: "/",
  });
}
