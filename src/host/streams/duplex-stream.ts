// A Node duplex stream (a socket) as the ByteStream that the layers above know. May import node and src/kinds.
import type { Duplex } from "node:stream";
import type { ByteStream } from "../../kinds/request.ts";

export function duplexStream(duplex: Duplex): ByteStream {
  duplex.on("error", () => {});
  return {
    readable: duplex as AsyncIterable<Uint8Array>,
    write(bytes) {
      return new Promise((resolve, reject) => {
        if (duplex.destroyed || duplex.writableEnded) {
          reject(new Error("the connection is closed"));
          return;
        }
        duplex.write(bytes, (error) => (error ? reject(error) : resolve()));
      });
    },
    end: () => duplex.end(),
    destroy: () => duplex.destroy(),
  };
}
