// Writes the generated files; with --check it only says which are not what they should be, and fails.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { customResourceDefinitions } from './generate-crds.ts';
import { flagTable } from './generate-flag-table.ts';

const current = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);

const checkOnly = process.argv.includes('--check');
for (const { path, content } of [...customResourceDefinitions(), ...(await flagTable())]) {
  if ((await current(path)) === content) continue;
  if (checkOnly) {
    console.error(`${path} is not what its source says: run "npm run generate" and commit the result`);
    process.exitCode = 1;
  } else {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    console.log(`wrote ${path}`);
  }
}
