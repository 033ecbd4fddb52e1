import { join } from 'node:path';

import { StackUnderTest } from '../testing/stack-under-test';

/** What `npm start` does where there can be no lab: simulated hosts serve instead. Needs the build. */
describe('npm start without a lab', () => {
  const stack = new StackUnderTest(join(process.env.BERTH_TEST_RUN_DIR ?? '', 'stack-without-lab'));

  afterAll(() => stack.command('stop'));

  it('serves the location lab with simulated hosts, and says that nothing answers on them', async () => {
    const { code, output } = await stack.command('start', '--detach', '--hosts', '0', '--simulated', '200');
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringContaining('simulated: nothing answers'),
    });
    const { apiUrl, tokens, hosts } = stack.content();
    // The file lists the lab's hosts only.
    expect(hosts).toEqual([]);
    const total = async (location: string) => {
      const path = `/v1/hosts?location=${location}&driver=simulated&status=active&per_page=1`;
      const response = await fetch(`${apiUrl}${path}`, {
        headers: { authorization: `Bearer ${tokens.operator}` },
      });
      const body = (await response.json()) as { meta: { pagination: { total_entries: number } } };
      return body.meta.pagination.total_entries;
    };
    expect(await total('lab')).toBe(2);
    expect(await total('sim')).toBe(200);
  }, 120_000);

  it('leaves nothing behind', async () => {
    expect(await stack.command('stop')).toMatchObject({ code: 0 });
    expect(stack.traces(null)).toEqual([]);
  }, 60_000);
});
