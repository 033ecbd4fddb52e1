import pino from 'pino';
import { loggerOptions } from './logger-options';

describe('logger', () => {
  it('never prints a secret', () => {
    const lines: string[] = [];
    const logger = pino(loggerOptions({ level: 'info', service: 'test' }), {
      write: (line) => lines.push(line),
    });
    logger.info({
      root_password: 'hunter2',
      host: { private_key: 'hunter2' },
      req: { headers: { authorization: 'Bearer hunter2' } },
      server: { name: 'web' },
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('web');
    expect(lines[0]).not.toContain('hunter2');
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'info', service: 'test' });
  });
});
