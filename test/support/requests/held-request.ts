import { connectTo, type RawAnswer, readAnswer } from './raw-http';

/** A request whose headers the server has taken, and whose body is still to come. */
export interface HeldRequest {
  /** Sends the body. */
  finish(): Promise<RawAnswer>;
}

/**
 * Sends the headers of a request, and waits until the server asks for the body (100, RFC 9110 section 10.1.1), which it
 * does when it has let the caller in.
 * @param body JSON
 * @param headers the credential among them
 */
export async function heldRequest(
  url: string,
  { method, path, body }: { method: string; path: string; body: unknown },
  headers: Record<string, string>,
): Promise<HeldRequest> {
  const text = JSON.stringify(body);
  const socket = connectTo(url);
  const received: Buffer[] = [];
  const heads = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const answered = new Promise<RawAnswer>((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      received.push(chunk);
      const answer = readAnswer(Buffer.concat(received), false, false);
      if (answer === undefined) return;
      socket.destroy();
      resolve(answer);
    });
    socket.on('error', reject);
    socket.on('close', () => {
      reject(new Error('closed without an answer'));
    });
  });
  answered.catch(() => undefined);
  socket.write(
    `${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n` +
      `${heads.join('')}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n`,
  );
  const asked = new Promise<void>((resolve) => {
    socket.on('data', () => {
      if (Buffer.concat(received).includes('HTTP/1.1 100 ')) resolve();
    });
  });
  await Promise.race([
    asked,
    answered.then((answer) => {
      throw new Error(`answered ${answer.status} before its body: ${JSON.stringify(answer.body)}`);
    }),
  ]);
  return {
    finish() {
      socket.write(text);
      return answered;
    },
  };
}
