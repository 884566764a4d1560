import { describe, expect, test } from '@jest/globals';
import { configMaps, leases } from '../../src/kube/resource.ts';
import { KubernetesApiError } from '../../src/kube/kubernetes-api.ts';
import { Objects, type ConformanceEnvironment } from './environment.ts';

const POLLS = 100;

/** What becomes of objects whose owners are gone. */
export function garbageCases(environment: ConformanceEnvironment): void {
  const objects = new Objects(environment, leases);
  const owners = new Objects(environment, configMaps);

  const isGone = async (name: string): Promise<boolean> => {
    try {
      await objects.get(name);
      return false;
    } catch (error) {
      if (error instanceof KubernetesApiError && error.reason === 'NotFound') return true;
      throw error;
    }
  };
  const goes = async (name: string): Promise<boolean> => {
    for (let poll = 0; poll < POLLS; poll++) {
      if (await isGone(name)) return true;
      await environment.pause(100);
    }
    return false;
  };
  const ownedBy = (name: string, uid: string | undefined): object => ({
    ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid: uid ?? '' }],
  });

  describe('an owned object', () => {
    test('goes after its owner, not with it', async () => {
      const { metadata } = await owners.create('owner');
      await objects.create('dependent', {}, ownedBy('owner', metadata.uid));
      await owners.delete('owner');
      expect(await goes('dependent')).toBe(true);
    });

    test('goes when its owner never was, though another has its name', async () => {
      await owners.create('namesake');
      await objects.create('orphan', {}, ownedBy('namesake', '00000000-0000-4000-8000-000000000000'));
      expect(await goes('orphan')).toBe(true);
    });

    test('stays while one of its owners is there', async () => {
      const [one, two] = [await owners.create('first-owner'), await owners.create('second-owner')];
      const references = [ownedBy('first-owner', one.metadata.uid), ownedBy('second-owner', two.metadata.uid)];
      const ownerReferences = references.flatMap((part) => (part as { ownerReferences: object[] }).ownerReferences);
      await objects.create('two-owners', {}, { ownerReferences });
      const witness = await owners.create('witness-owner');
      await objects.create('witness', {}, ownedBy('witness-owner', witness.metadata.uid));
      await owners.delete('first-owner');
      await owners.delete('witness-owner');
      expect(await goes('witness')).toBe(true);
      expect(await isGone('two-owners')).toBe(false);
    });
  });
}
