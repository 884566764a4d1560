import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, statSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** Makes a FIFO where there is none; one that is there is kept, for a guard may have it open. */
export function makeFifo(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFIFO()) return;
  execFileSync('mkfifo', ['-m', '0600', path], { stdio: 'ignore', timeout: 10_000 });
}

/**
 * Reads a FIFO until its last writer is gone. Opened without blocking it reports no end before a first writer has come.
 * @returns what stops the reading
 */
export function readFifo(path: string, onText: (text: string) => void, onEnd: () => void): () => void {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd: descriptor, readable: true, writable: false });
  let over = false;
  const end = (): void => {
    if (over) return;
    over = true;
    socket.destroy();
    onEnd();
  };
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => onText(text));
  socket.on('end', end);
  socket.on('error', end);
  return () => {
    over = true;
    socket.destroy();
  };
}

/** Whether any process holds the FIFO's write end: a read would then have to wait, otherwise it is at its end. */
export function hasWriter(path: string): boolean {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    readSync(descriptor, Buffer.alloc(1));
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return true;
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** Writes one line, whole or not at all (it is shorter than PIPE_BUF). @returns whether somebody had the FIFO open to read */
export function writeLine(path: string, line: string): boolean {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    writeSync(descriptor, line);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENXIO' || code === 'EPIPE' || code === 'EAGAIN') return false;
    throw error;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
