import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

/**
 * Makes the cluster ready and runs the cases. `--long` runs those as well that take longer than five minutes; every
 * other word is jest's.
 */

const repository = resolve(import.meta.dirname, '../..');
const words = process.argv.slice(2);
const options = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const jest = ['node_modules/jest/bin/jest.js', '--config', 'jest.e2e.config.js', '--runInBand'];

function run(...program: string[]): void {
  const env = { ...process.env, ...(words.includes('--long') && { E2E_LONG: '1' }) };
  const { status } = spawnSync(process.execPath, program, { cwd: repository, stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}

run('test/e2e/prepare.ts');
run(...options, ...jest, ...words.filter((word) => word !== '--long'));
