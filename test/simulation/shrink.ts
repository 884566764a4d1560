import type { Scenario } from './faults/plan.ts';
import type { Violation } from './invariants.ts';
import { simulateScenario } from './simulate.ts';

/**
 * Drops faults one by one as long as the same rule is broken without them.
 * @returns the scenario with what is left of its plan
 */
export async function shrink(scenario: Scenario, violation: Violation): Promise<Scenario> {
  let smallest = scenario;
  for (let dropped = true; dropped;) {
    dropped = false;
    for (const fault of smallest.plan) {
      const smaller = { ...smallest, plan: smallest.plan.filter((one) => one !== fault) };
      const outcome = await simulateScenario(smaller);
      if (outcome.violation?.rule !== violation.rule) continue;
      smallest = smaller;
      dropped = true;
      break;
    }
  }
  return smallest;
}
