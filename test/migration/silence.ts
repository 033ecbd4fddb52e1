import { eventually, LineListener } from '@berth/testing';

const listening = (address: string) =>
  eventually('the stream', async () => {
    const listener = new LineListener(address, 9000);
    return listener.more(5, 2000).then(
      () => listener,
      () => (listener.end(), null),
    );
  });

/** The longest silence that a client of a server with the talker (services.ts) hears while `migrate` moves it, ms. */
export async function silenceOf(address: string, migrate: () => Promise<unknown>): Promise<number> {
  const listener = await listening(address);
  listener.forgetGap();
  await migrate();
  await listener.more(20);
  const { longestGapMs } = listener;
  listener.end();
  return longestGapMs;
}
