import type { AgentConfiguration } from '../daemons/agent-configuration.ts';
import type { Clock, Milliseconds } from '../kube/clock.ts';
import { checked, started, type Health, type HealthLimits } from './health.ts';

/** How often a daemon that has not answered yet is asked, at least. */
const STARTING_PERIOD: Milliseconds = 250;

/** Asks one daemon process after another for its health. */
export class HealthWatch {
  private readonly check: () => Promise<boolean>;
  private readonly clock: Clock;
  private readonly limits: HealthLimits;
  private readonly period: Milliseconds;
  private readonly onChange: () => void;
  private process: number | undefined;
  private health: Health | undefined;

  /**
   * @param check one check, which bounds itself and does not throw
   * @param onChange called when the phase changes
   */
  constructor(
    check: () => Promise<boolean>,
    clock: Clock,
    configuration: Pick<AgentConfiguration, 'startTimeoutSeconds' | 'failureThreshold' | 'healthPeriodSeconds'>,
    onChange: () => void,
  ) {
    this.check = check;
    this.clock = clock;
    this.limits = {
      startTimeout: configuration.startTimeoutSeconds * 1000,
      failureThreshold: configuration.failureThreshold,
    };
    this.period = configuration.healthPeriodSeconds * 1000;
    this.onChange = onChange;
  }

  /** The health of the daemon that runs; undefined when none does. */
  get current(): Health | undefined {
    return this.health;
  }

  /** Starts to watch a daemon process, known by the order that started it; does nothing when that one is watched. */
  begin(process: number): void {
    if (this.process === process) return;
    this.process = process;
    this.health = started(this.clock.now());
    void this.watch(process);
  }

  end(): void {
    this.process = undefined;
    this.health = undefined;
  }

  private async watch(process: number): Promise<void> {
    while (this.process === process && this.health?.phase !== 'failed') {
      const begun = this.clock.now();
      const healthy = await this.check();
      // An answer that comes when the daemon is dead, or another one runs, is nobody's.
      if (this.process !== process || this.health === undefined) return;
      const before = this.health.phase;
      this.health = checked(this.health, healthy, this.limits, this.clock.now());
      if (this.health.phase !== before) this.onChange();
      // The period runs from check to check, however long one takes: a check that times out is followed by the next.
      const period = this.health.phase === 'starting' ? Math.min(this.period, STARTING_PERIOD) : this.period;
      const pause = Math.max(0, begun + period - this.clock.now());
      await new Promise<void>((resolve) => this.clock.setTimer(pause, resolve));
    }
  }
}
