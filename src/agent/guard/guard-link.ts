import { chmodSync, copyFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Milliseconds } from '../../kube/clock.ts';
import { hasWriter, makeFifo, readFifo, writeLine } from './fifo.ts';
import { decodeReport, encodeOrder, type Order, type Report } from './message.ts';

/** What the agent's core needs of its guard; a simulation gives it one without FIFOs. */
export interface GuardLink {
  /** Sends an order. @returns false when there is no guard to read it */
  send(order: Order): boolean;
  /** Whether a process of the daemon lives: it alone holds the lifeline's write end. */
  lifelineHeld(): boolean;
  /** A number higher than that of any order sent before, by this agent or by one before it in this pod. */
  nextSequence(): number;
}

export interface GuardListener {
  reported(report: Report): void;
  /** The guard's end of the reports is closed: no guard runs, which says nothing of the daemon. */
  reportsClosed(): void;
  lifelineEnded(): void;
}

/** A line longer than this is none of ours. */
const LONGEST_LINE = 8192;

/** The three FIFOs, seen from the agent. */
export class FifoGuardLink implements GuardLink {
  private readonly directory: string;
  private readonly uptime: () => Milliseconds;
  private readonly stops = new Map<string, () => void>();
  private listener: GuardListener | undefined;
  private sequence = 0;
  private partial = '';

  /** @param uptime milliseconds since the machine's start: later agents of this pod start from higher numbers */
  constructor(directory: string, uptime: () => Milliseconds) {
    this.directory = directory;
    this.uptime = uptime;
  }

  /** Puts the guard's script and the FIFOs where the daemon's container expects them. */
  install(script: string): void {
    const target = join(this.directory, 'guard.sh');
    // Renamed into place: a bash that runs the old file goes on reading the old one.
    copyFileSync(script, `${target}.new`);
    chmodSync(`${target}.new`, 0o555);
    renameSync(`${target}.new`, target);
    for (const name of ['orders', 'reports', 'lifeline']) makeFifo(this.path(name));
  }

  listen(listener: GuardListener): void {
    this.listener = listener;
    this.readReports();
    this.watchLifeline();
  }

  close(): void {
    this.listener = undefined;
    for (const stop of this.stops.values()) stop();
    this.stops.clear();
  }

  send(order: Order): boolean {
    return writeLine(this.path('orders'), encodeOrder(order));
  }

  lifelineHeld(): boolean {
    return hasWriter(this.path('lifeline'));
  }

  nextSequence(): number {
    this.sequence = Math.max(this.sequence + 1, Math.floor(this.uptime()));
    return this.sequence;
  }

  private path(name: string): string {
    return join(this.directory, name);
  }

  private readReports(): void {
    const stop = readFifo(
      this.path('reports'),
      (text) => this.received(text),
      () => {
        this.partial = '';
        if (this.listener === undefined) return;
        this.readReports();
        this.listener.reportsClosed();
      },
    );
    this.stops.set('reports', stop);
  }

  private watchLifeline(): void {
    const stop = readFifo(
      this.path('lifeline'),
      () => undefined,
      () => {
        if (this.listener === undefined) return;
        this.watchLifeline();
        this.listener.lifelineEnded();
      },
    );
    this.stops.set('lifeline', stop);
  }

  private received(text: string): void {
    const lines = (this.partial + text).split('\n');
    this.partial = (lines.pop() ?? '').slice(0, LONGEST_LINE);
    for (const line of lines) {
      const report = decodeReport(line);
      if (report) this.listener?.reported(report);
    }
  }
}
