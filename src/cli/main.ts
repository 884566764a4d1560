#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { systemClock } from '../kube/clock.ts';
import { kubeconfigConfiguration, loadKubeconfig } from '../kube/kubeconfig-configuration.ts';
import { RestClient } from '../kube/rest-client.ts';
import type { CommandEnvironment } from './command-environment.ts';
import { explain } from './command-error.ts';
import { newProgram } from './program.ts';
import type { ConnectionOptions } from './program.ts';

async function connect({ kubeconfig, context, namespace }: ConnectionOptions): Promise<CommandEnvironment> {
  const choice = { ...(kubeconfig !== undefined && { file: kubeconfig }), ...(context !== undefined && { context }) };
  const configuration = await kubeconfigConfiguration(loadKubeconfig(choice));
  return {
    api: new RestClient(configuration.connection, { userAgent: 'kubectl-impala' }),
    namespace: namespace ?? configuration.namespace,
    clock: systemClock,
    print: (line) => process.stdout.write(`${line}\n`),
    ask,
  };
}

async function ask(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

let code = 0;
try {
  await newProgram(connect).parseAsync();
} catch (error) {
  process.stderr.write(`error: ${explain(error)}\n`);
  code = 1;
}
// Idle keep-alive connections to the API server would hold the process for a while.
process.exit(code);
