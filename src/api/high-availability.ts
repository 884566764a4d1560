import { Type } from '@sinclair/typebox';
import {
  DEFAULT_OUTAGE_SECONDS,
  MAXIMUM_LEASE_DURATION_SECONDS,
  MAXIMUM_OUTAGE_SECONDS,
  MINIMUM_OUTAGE_SECONDS,
  STOP_BUDGET_SECONDS,
} from './lease-limits.ts';
import { section } from './section.ts';

interface HighAvailabilityDefaults {
  leaseDurationSeconds: number;
  renewDeadlineSeconds: number;
  retryPeriodSeconds: number;
  failureThreshold: number;
  startTimeoutSeconds: number;
  /** How often the daemon's health is asked for: for the description. */
  healthPeriodSeconds: number;
}

const highAvailability = (defaults: HighAvailabilityDefaults) =>
  section(
    {
      enabled: Type.Boolean({
        description:
          'Whether two pods stand for the component, one active and one standby. Without, one plain pod serves: no ' +
          'agent, no lease, and Kubernetes makes a new pod when it is lost. A change restarts the daemon once.',
        default: true,
      }),
      leaseDurationSeconds: Type.Integer({
        description:
          'How long after the last renewal it saw a standby waits before it takes over from an active that is lost. A ' +
          'daemon that crashes, or whose pod is deleted, is handed over at once.',
        minimum: 5,
        maximum: MAXIMUM_LEASE_DURATION_SECONDS,
        default: defaults.leaseDurationSeconds,
      }),
      renewDeadlineSeconds: Type.Integer({
        description: 'How long after its last successful renewal an active may run: then its daemon is killed.',
        minimum: 2,
        maximum: MAXIMUM_LEASE_DURATION_SECONDS - STOP_BUDGET_SECONDS - 1,
        default: defaults.renewDeadlineSeconds,
      }),
      retryPeriodSeconds: Type.Integer({
        description: 'How often the active renews the lease.',
        minimum: 1,
        maximum: 60,
        default: defaults.retryPeriodSeconds,
      }),
      failureThreshold: Type.Integer({
        description:
          'How many health checks in a row must fail before a daemon that has served counts as hung. The daemon is ' +
          `asked every ${defaults.healthPeriodSeconds} s.`,
        minimum: 1,
        maximum: 100,
        default: defaults.failureThreshold,
      }),
      startTimeoutSeconds: Type.Integer({
        description: 'How long a daemon may take from its start to its first healthy answer.',
        minimum: 5,
        maximum: 86400,
        default: defaults.startTimeoutSeconds,
      }),
      maxOutageSeconds: Type.Integer({
        description:
          'How long an active may go on without the Kubernetes API, on the word of the standby that it will not take ' +
          'over. A member whose pod was replaced while the holder was out of sight waits that long before it takes over.',
        minimum: MINIMUM_OUTAGE_SECONDS,
        maximum: MAXIMUM_OUTAGE_SECONDS,
        default: DEFAULT_OUTAGE_SECONDS,
      }),
    },
    {
      description: 'How a lost daemon is noticed and replaced.',
      'x-kubernetes-validations': [
        {
          rule: 'self.maxOutageSeconds >= self.leaseDurationSeconds',
          message: 'maxOutageSeconds must be at least leaseDurationSeconds: write a longer outage or a shorter lease',
        },
        {
          rule: `self.leaseDurationSeconds > self.renewDeadlineSeconds + ${STOP_BUDGET_SECONDS}`,
          message:
            'leaseDurationSeconds must be greater than renewDeadlineSeconds + 2, so that the old daemon is dead before ' +
            'another starts: write a longer lease or a shorter deadline',
        },
        {
          // renewDeadline > 1.2 x retryPeriod (client-go's JitterFactor), in whole numbers.
          rule: 'self.renewDeadlineSeconds * 5 > self.retryPeriodSeconds * 6',
          message:
            'renewDeadlineSeconds must be greater than 1.2 x retryPeriodSeconds, so that one late renewal stops nothing: ' +
            'write a longer deadline or a shorter period',
        },
      ],
    },
  );

export const StatestoreHighAvailability = highAvailability({
  leaseDurationSeconds: 9,
  renewDeadlineSeconds: 6,
  retryPeriodSeconds: 3,
  failureThreshold: 3,
  startTimeoutSeconds: 60,
  healthPeriodSeconds: 1,
});

export const CatalogHighAvailability = highAvailability({
  leaseDurationSeconds: 15,
  renewDeadlineSeconds: 10,
  retryPeriodSeconds: 5,
  failureThreshold: 10,
  startTimeoutSeconds: 1800,
  healthPeriodSeconds: 2,
});
