import { registerHooks } from 'node:module';
import type { Mutation } from './mutations.ts';

const ROOT = new URL('../../', import.meta.url).href;

/**
 * From here on this thread loads the mutated source.
 * @throws Error while loading, when the source no longer has what a mutation changes
 */
export function mutate(mutation: Mutation): void {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const changes = mutation.changes.filter(({ file }) => url === ROOT + file);
      if (changes.length === 0) return loaded;
      let source = Buffer.from(loaded.source as Uint8Array).toString('utf8');
      for (const { file, find, replace } of changes) {
        const places = source.split(find).length - 1;
        if (places !== 1) throw new Error(`${mutation.name}: ${places} places in ${file} instead of one`);
        source = source.replace(find, () => replace);
      }
      return { ...loaded, source };
    },
  });
}
