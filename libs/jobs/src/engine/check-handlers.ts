import type { OperationKind } from '@berth/contracts';
import { operationPlans, planOf } from '@berth/domain';
import type { StepHandlers } from './step-handler';

/** Throws, naming each, where a step has no handler, a handler no step, or an undoable step no undo (or the reverse). */
export function checkHandlers(handlers: StepHandlers): void {
  const problems: string[] = [];
  for (const kind of Object.keys(operationPlans) as OperationKind[]) {
    const given: Record<string, { undo?: unknown } | undefined> = handlers[kind] ?? {};
    const { steps } = planOf(kind);
    for (const { name, undoable } of steps) {
      const handler = given[name];
      if (!handler) problems.push(`${kind}.${name} has no handler`);
      else if (undoable !== (handler.undo !== undefined))
        problems.push(`${kind}.${name}: undo and the plan's undoable differ`);
    }
    for (const name of Object.keys(given)) {
      if (!steps.some((step) => step.name === name)) problems.push(`${kind}.${name} is in no plan`);
    }
  }
  if (problems.length > 0) throw new Error(`step handlers and plans don't match: ${problems.join('; ')}`);
}
