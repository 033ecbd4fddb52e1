import { type StackPaths } from '../paths';
import type { StackFileContent } from '../stack-file';
import { type DemoServer, sshArguments } from './demo-order';

/** What is told once the stack is ready: where things are, who may do what, and what to try next. */
export function summary(
  { apiUrl, dashboardUrl, tokens, hosts }: StackFileContent,
  demo: DemoServer | null,
  paths: StackPaths,
): string[] {
  const auth = `-H "Authorization: Bearer ${tokens.customer}"`;
  return [
    '',
    'Berth runs.',
    `  dashboard  ${dashboardUrl}   sign in with one of the tokens below`,
    `  API        ${apiUrl}   pages: ${apiUrl}/docs   OpenAPI: ${apiUrl}/openapi.json`,
    `  customer   ${tokens.customer}`,
    `  billing    ${tokens.billing}`,
    `  operator   ${tokens.operator}`,
    ...hosts.map(
      ({ name, address, port, privateKeyPath }) =>
        `  host       ${name}   ssh -i ${privateKeyPath} -p ${port} root@${address}`,
    ),
    ...(demo ? demoLines(demo) : []),
    `  logs       ${paths.logs}`,
    `  all this   ${paths.stackFile}`,
    '',
    'Try next:',
    `  curl ${auth} ${apiUrl}/v1/servers`,
    `  curl ${auth} -H 'Content-Type: application/json' ${apiUrl}/v1/servers \\`,
    `       -d '{"name":"second","plan":"nano","template":"busybox"}'`,
    `  curl ${auth} ${apiUrl}/v1/operations`,
    '',
  ];
}

function demoLines({ id, address, keyPath, greeting }: DemoServer): string[] {
  if (greeting === null) return [`  server     ${id}   ${address} (simulated: nothing answers there)`];
  return [`  server     ${id}   ${greeting}`, `             ssh ${sshArguments(address, keyPath).join(' ')}`];
}
