import { SimulatedPlatform } from '../chaos/simulated-platform';
import { TestConsole } from './test-console';

jest.setTimeout(60_000);

it('warns, and closes a console into which nobody types; typing keeps it open', async () => {
  const platform = await SimulatedPlatform.open({
    cidr: '10.95.0.0/24',
    environment: { BERTH_CONSOLE_IDLE_MS: '4000' },
  });
  try {
    await platform.worker();
    const api = await platform.api();
    try {
      const { server, operationId } = await platform.order();
      await platform.ended(operationId);
      const console = await TestConsole.opened(
        await api.client('customer', platform.world.tenant.id),
        server.id,
      );
      await console.shows(/\[berth: this console closes in 2 s, unless something is typed\]/);
      const typed = Date.now();
      console.type('x');
      expect(await console.closes()).toEqual({ code: 4408, reason: 'nothing was typed for 4 s' });
      expect(Date.now() - typed).toBeGreaterThanOrEqual(4000);
    } finally {
      await api.close();
    }
  } finally {
    await platform.close();
  }
});
