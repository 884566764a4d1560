import { now } from '../clock.ts';
import type { Instant } from '../clock.ts';
import { nodeNumber, tool } from '../test-cluster.ts';
import { undoLater } from './undo.ts';

/** Faults of whole nodes, on the test cluster. Each answers with the moment before it was begun. */

/** Power off: everything on the node ends at once, and nobody is told. */
export async function killNode(node: string): Promise<Instant> {
  const number = nodeNumber(node);
  down.add(node);
  undoLater(() => startNode(node));
  const at = now();
  await tool('node', 'kill', number);
  return at;
}

/** Nodes without power: a second start of the same node would run everything on it twice. */
const down = new Set<string>();

/** Power on again, if it is off. */
export async function startNode(node: string): Promise<void> {
  if (down.delete(node)) await tool('node', 'start', nodeNumber(node));
}

/** Network cable pulled: the node's containers go on, to everybody else it is a black hole. */
export async function cutNode(node: string): Promise<Instant> {
  const number = nodeNumber(node);
  undoLater(() => mendNode(node));
  const at = now();
  await tool('node', 'cut', number);
  return at;
}

export async function mendNode(node: string): Promise<void> {
  await tool('node', 'mend', nodeNumber(node));
}

/** The node's kube-proxy stands still: its Services lead where they led before. */
export async function freezeProxy(node: string): Promise<void> {
  const number = nodeNumber(node);
  undoLater(() => thawProxy(node));
  await tool('proxy', 'stop', number);
}

export async function thawProxy(node: string): Promise<void> {
  await tool('proxy', 'cont', nodeNumber(node));
}
