import { operationKindSchema } from '@berth/contracts';
import { isCancellable, operationPlans, planOf } from './operation-plans';

it('has a plan for every kind, with steps of different names', () => {
  expect(Object.keys(operationPlans).sort()).toEqual([...operationKindSchema.options].sort());
  for (const kind of operationKindSchema.options) {
    const names = planOf(kind).steps.map(({ name }) => name);
    expect(names.length > 0).toBe(kind !== 'change_protection' && kind !== 'set_rdns');
    expect(new Set(names).size).toBe(names.length);
  }
});

it('names a step of its own as the point of no return', () => {
  for (const kind of operationKindSchema.options) {
    const { steps, pointOfNoReturn } = planOf(kind);
    if (pointOfNoReturn !== null) expect(steps.map(({ name }) => name)).toContain(pointOfNoReturn);
  }
});

it('cancels up to the point of no return', () => {
  expect(isCancellable('create_server', 'start_container')).toBe(true);
  expect(isCancellable('delete_server', 'kill_container')).toBe(false);
  expect(isCancellable('delete_server', null)).toBe(true);
});
