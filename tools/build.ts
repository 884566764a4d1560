// Bundles operator, agent and kubectl plugin into dist/, which is all that they need beside Node.js.
import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';
import type { BuildOptions, Metafile } from 'esbuild';

const DIRECTORY = 'dist';
const GUARD = 'src/agent/guard/guard.sh';

/** What the agent must not load: its memory is paid four times for each cluster. */
const TOO_LARGE_FOR_THE_AGENT = ['@kubernetes/client-node', 'express', '@sinclair/typebox', 'yaml'];

const bundle = (entry: string, name: string): BuildOptions & { metafile: true } => ({
  entryPoints: [entry],
  outfile: `${DIRECTORY}/${name}.js`,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // Names stay as they are, for stack traces; white space stays, for whoever reads them.
  minifySyntax: true,
  legalComments: 'linked',
  metafile: true,
  // CommonJS packages in the bundle ask for Node.js' own modules by `require`.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
  logLevel: 'warning',
});

/** The packages that a bundle contains, with their size in it. */
function packages({ outputs }: Metafile, outfile: string): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [path, { bytesInOutput }] of Object.entries(outputs[outfile]?.inputs ?? {})) {
    const name = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
    if (name !== undefined && bytesInOutput > 0) sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
  }
  return sizes;
}

await rm(DIRECTORY, { recursive: true, force: true });
await mkdir(DIRECTORY, { recursive: true });

for (const [entry, name] of [
  ['src/operator/main.ts', 'operator'],
  ['src/agent/main.ts', 'agent'],
  ['src/cli/main.ts', 'kubectl-impala'],
] as const) {
  const options = bundle(entry, name);
  const { metafile } = await build(options);
  const outfile = `${DIRECTORY}/${name}.js`;
  const contained = packages(metafile, outfile);
  const size = Math.round((metafile.outputs[outfile]?.bytes ?? 0) / 1024);
  console.log(`${outfile}: ${size} KiB, with ${[...contained.keys()].sort().join(', ') || 'no packages'}`);
  const tooLarge = TOO_LARGE_FOR_THE_AGENT.filter((dependency) => contained.has(dependency));
  if (name === 'agent' && tooLarge.length > 0) {
    throw new Error(`${outfile} contains ${tooLarge.join(', ')}: the agent must stay small`);
  }
}

// The bundles are ES modules; without this Node.js would have to find that out by itself.
await writeFile(`${DIRECTORY}/package.json`, '{ "type": "module" }\n');
await copyFile(GUARD, `${DIRECTORY}/guard.sh`);
await chmod(`${DIRECTORY}/guard.sh`, 0o755);
await chmod(`${DIRECTORY}/kubectl-impala.js`, 0o755);
