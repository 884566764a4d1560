import type { V1Container, V1ContainerStatus } from '@kubernetes/client-node';
import type { Clock, Milliseconds, Timer } from '../../kube/clock.ts';
import type { Program } from '../programs/program.ts';

/** After how long kubelet starts a container again that has ended, each time (measured). */
const BACK_OFF: readonly Milliseconds[] = [700, 13_000, 28_000, 42_000, 83_000, 162_000];
/** A container that has run for so long begins anew. */
const BACK_OFF_FORGOTTEN: Milliseconds = 600_000;

export interface ContainerRunnerParts {
  readonly clock: Clock;
  readonly container: V1Container;
  readonly start: (container: V1Container, exited: (code: number) => void) => Program;
  /** Its state has changed in a way that the pod's status shows, or that the pod's end waits for. */
  readonly onChange: () => void;
}

type State =
  | { readonly kind: 'waiting'; readonly reason: string; readonly message?: string }
  | { readonly kind: 'running'; readonly program: Program; readonly since: Date }
  | { readonly kind: 'terminated'; readonly code: number; readonly at: Date; readonly since: Date };

/** One container of a pod, started again as kubelet does. */
export class ContainerRunner {
  readonly name: string;
  readonly #parts: ContainerRunnerParts;
  #state: State = { kind: 'waiting', reason: 'PodInitializing' };
  #last: (State & { kind: 'terminated' }) | undefined;
  #ready = false;
  #restarts = 0;
  #backOff = 0;
  #startedAt: Milliseconds = 0;
  #timer: Timer | undefined;
  #final = false;

  constructor(parts: ContainerRunnerParts) {
    this.#parts = parts;
    this.name = parts.container.name;
  }

  get program(): Program | undefined {
    return this.#state.kind === 'running' ? this.#state.program : undefined;
  }

  get started(): boolean {
    return this.program?.started ?? false;
  }

  get ready(): boolean {
    return this.#ready;
  }

  start(): void {
    const { clock, container, start, onChange } = this.#parts;
    if (this.#final || this.program !== undefined) return;
    this.#startedAt = clock.now();
    const since = clock.date();
    try {
      const program = start(container, (code) => this.#exited(program, code, since));
      this.#state = { kind: 'running', program, since };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#state = { kind: 'waiting', reason: 'RunContainerError', message };
    }
    onChange();
  }

  /** It cannot be started: its image is not to be had, for example. */
  fail(reason: string, message: string): void {
    this.#state = { kind: 'waiting', reason, message };
    this.#parts.onChange();
  }

  /** The readiness probe. @returns whether it found something new */
  probe(): boolean {
    const ready = this.program?.ready ?? false;
    const changed = ready !== this.#ready;
    this.#ready = ready;
    return changed;
  }

  /** From now on it is not started again. */
  finish(): void {
    this.#final = true;
    this.#timer?.cancel();
  }

  status(): V1ContainerStatus {
    const { image = '' } = this.#parts.container;
    return {
      name: this.name,
      image,
      imageID: image,
      ready: this.#ready,
      started: this.started,
      restartCount: this.#restarts,
      state: shown(this.#state),
      ...(this.#last && { lastState: shown(this.#last) }),
    };
  }

  #exited(program: Program, code: number, since: Date): void {
    if (this.program !== program) return;
    const { clock, onChange } = this.#parts;
    this.#ready = false;
    this.#last = { kind: 'terminated', code, at: clock.date(), since };
    this.#state = this.#last;
    if (!this.#final) this.#startAgain();
    onChange();
  }

  #startAgain(): void {
    const { clock } = this.#parts;
    if (clock.now() - this.#startedAt > BACK_OFF_FORGOTTEN) this.#backOff = 0;
    const delay = BACK_OFF[Math.min(this.#backOff++, BACK_OFF.length - 1)] ?? 0;
    this.#restarts++;
    if (this.#backOff > 1) this.#state = { kind: 'waiting', reason: 'CrashLoopBackOff' };
    this.#timer = clock.setTimer(delay, () => this.start());
  }
}

const seconds = (date: Date): string => date.toISOString().replace(/\.\d{3}Z$/, 'Z');

function shown(state: State): object {
  switch (state.kind) {
    case 'waiting':
      return { waiting: { reason: state.reason, ...(state.message && { message: state.message }) } };
    case 'running':
      return { running: { startedAt: seconds(state.since) } };
    case 'terminated':
      return {
        terminated: {
          exitCode: state.code,
          reason: state.code === 0 ? 'Completed' : 'Error',
          startedAt: seconds(state.since),
          finishedAt: seconds(state.at),
        },
      };
  }
}
