type Undo = () => unknown;

const pending: Undo[] = [];

/**
 * Has something undone after the case, whether it succeeds or not: last fault first. Undoing what is undone already must
 * do no harm.
 */
export function undoLater(undo: Undo): void {
  pending.push(undo);
}

/** Undoes all faults. One that cannot be undone does not keep the others from being. */
export async function undoFaults(): Promise<void> {
  const errors: unknown[] = [];
  for (let undo = pending.pop(); undo !== undefined; undo = pending.pop()) {
    try {
      await undo();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, `faults were not undone: ${errors.map(String).join('; ')}`);
}
