import { requestIdOf } from './request-id';

describe('request id', () => {
  it('keeps a sane one', () => expect(requestIdOf('order-17:a_b.c')).toBe('order-17:a_b.c'));

  it.each([undefined, '', 'a b', 'x'.repeat(129), 'a\nlevel=error', ['a', 'b'], '<script>'])(
    'replaces %j',
    (header) => expect(requestIdOf(header)).toMatch(/^[0-9a-f-]{36}$/),
  );
});
