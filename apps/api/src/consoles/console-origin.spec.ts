import { isOwnOrigin } from './console-origin';

it.each([
  [{ host: 'api.example.org' }, true],
  [{ host: 'api.example.org', origin: 'https://api.example.org' }, true],
  [{ host: '127.0.0.1:8080', origin: 'http://127.0.0.1:8080' }, true],
  [{ host: '127.0.0.1:8080', origin: 'https://panel.example.org' }, true],
  [{ host: '127.0.0.1:8080', origin: 'http://127.0.0.1:8081' }, false],
  [{ host: '127.0.0.1:8080', origin: 'http://panel.example.org' }, false],
  [{ host: 'api.example.org', origin: 'https://api.example.org.evil.example' }, false],
  [{ host: 'api.example.org', origin: 'null' }, false],
  [{ host: 'api.example.org', origin: '' }, false],
])('%j: %s', (headers, own) => {
  expect(isOwnOrigin(headers, 'https://panel.example.org')).toBe(own);
});
