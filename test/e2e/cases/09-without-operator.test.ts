import { describe } from '@jest/globals';
import { PAIR_COMPONENTS } from '../../../src/api/names.ts';
import { AFTER_A_CRASH, AFTER_A_DELETION, afterSilence } from '../bounds.ts';
import { failOver } from '../failover.ts';
import { killNode } from '../faults/node-faults.ts';
import { withoutOperator } from '../faults/operator-faults.ts';
import { deletePod } from '../faults/pod-faults.ts';
import { killDaemon } from '../faults/process-faults.ts';
import { useSharedCluster } from '../shared-cluster.ts';
import { testOnTestCluster } from '../test-cluster.ts';

const NAME = '(no operator)';

describe('without the operator', () => {
  const cluster = useSharedCluster();

  for (const component of PAIR_COMPONENTS) {
    testOnTestCluster(`a killed daemon of the ${component} is handed over as fast`, async () => {
      await withoutOperator();
      await failOver(cluster, {
        component,
        name: `SIGKILL ${NAME}`,
        inject: killDaemon,
        from: 'fault',
        slice: AFTER_A_CRASH.each,
        kind: 'crash',
      });
    });

    testOnTestCluster(`a deleted pod of the ${component} is handed over as fast`, async () => {
      await withoutOperator();
      await failOver(cluster, {
        component,
        name: `pod deleted ${NAME}`,
        inject: deletePod,
        from: 'death',
        slice: AFTER_A_DELETION,
        kind: 'crash',
      });
    });
  }

  testOnTestCluster('a statestore on a node that dies is taken over as fast', async () => {
    await withoutOperator();
    await failOver(cluster, {
      component: 'statestore',
      name: `node killed ${NAME}`,
      inject: ({ active }) => killNode(active.spec.nodeName ?? ''),
      from: 'death',
      slice: afterSilence('statestore'),
      kind: 'loss',
      lostNodes: ({ active }) => [active.spec.nodeName ?? ''],
    });
  });
});
