import { Type } from '@sinclair/typebox';
import { MAXIMUM_LEASE_DURATION_SECONDS, STOP_BUDGET_SECONDS } from './lease-limits.ts';
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
        description: 'Whether two pods stand for the component, one active and one standby.',
        default: true,
        'x-kubernetes-validations': [
          {
            rule: 'self',
            message: 'highAvailability.enabled: false is not supported yet: leave it out or write true',
          },
        ],
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
    },
    {
      description: 'How a lost daemon is noticed and replaced.',
      'x-kubernetes-validations': [
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
