// Logs and watches over WebSocket: bytes as messages, one way. May import node, ws, src/kinds.
import type { WebSocket } from "ws";
import type { WatchStream } from "../../kinds/request.ts";

/** Resolves when the message is handed to the operating system; false when the client is gone. */
export function sendMessage(socket: WebSocket, message: string | Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    if (socket.readyState !== socket.OPEN) {
      resolve(false);
      return;
    }
    socket.send(message, (error) => resolve(error === undefined || error === null));
  });
}

const encode = (socket: WebSocket, bytes: Uint8Array): string | Uint8Array =>
  socket.protocol.startsWith("base64.") ? Buffer.from(bytes).toString("base64") : bytes;

/** Each chunk is one message; the connection is closed at the end. */
export async function serveStreamWebSocket(socket: WebSocket, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of chunks) {
      if (!(await sendMessage(socket, encode(socket, chunk)))) return;
    }
  } finally {
    socket.close(1000);
  }
}

/** Each event is one text message. */
export async function serveWatchWebSocket(socket: WebSocket, stream: WatchStream): Promise<void> {
  socket.on("close", () => stream.close());
  for (;;) {
    const bytes = await stream.nextBytes();
    if (bytes === undefined) break;
    for (const line of Buffer.from(bytes).toString("utf8").split("\n")) {
      if (line !== "" && !(await sendMessage(socket, line))) break;
    }
  }
  stream.close();
  socket.close(1000);
}
