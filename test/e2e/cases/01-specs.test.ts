import { describe, expect, test } from '@jest/globals';
import { api, paths } from '../api.ts';
import { ApiError } from '../api-client.ts';
import { NAMESPACE } from '../environment.ts';
import { INVALID_SPECS, MINIMAL_CLUSTER } from '../invalid-specs.ts';

const DRY_RUN = `${paths.clusters(NAMESPACE)}?dryRun=All`;

/** JSON merge patch (RFC 7386), which is how the table says what is wrong with a spec. */
function merged(target: unknown, patch: unknown): unknown {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = target !== null && typeof target === 'object' ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

describe('the API server', () => {
  test('accepts the least that is valid', async () => {
    await expect(api.post(DRY_RUN, MINIMAL_CLUSTER)).resolves.toMatchObject({ kind: 'ImpalaCluster' });
  });

  test.each(INVALID_SPECS.map(({ rule, patch, message }) => ({ rule, patch, message })))(
    'refuses a spec that breaks the rule: $rule',
    async ({ patch, message }) => {
      const answer = api.post(DRY_RUN, merged(MINIMAL_CLUSTER, patch) as object);
      const refusal: unknown = await answer.then(
        () => 'it was accepted',
        (error: unknown) => error,
      );
      expect(refusal).toBeInstanceOf(ApiError);
      expect((refusal as ApiError).message).toMatch(message);
    },
  );
});
