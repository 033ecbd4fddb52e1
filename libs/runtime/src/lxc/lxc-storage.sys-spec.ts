import { expectCode } from '../conformance/conformance-suite';
import type { ContainerSpec } from '../container-runtime';
import { useLxcKit } from './lxc-test-kit';

const kit = useLxcKit();

/** The namespace lab's kernel has no quota formats for file systems in images. */
describe('lxc: a host that cannot count inodes', () => {
  it.each<[string, (spec: ContainerSpec) => Partial<ContainerSpec>]>([
    ['limit:disk_inodes', ({ limits }) => ({ limits: { ...limits, disk_inodes: 5000 } })],
    ['feature:quota', () => ({ features: ['quota'] })],
  ])('does not declare %s, and refuses it before it makes anything', async (capability, change) => {
    const { capabilities } = await kit().runtime.inspectHost();
    expect(capabilities).not.toContain(capability);
    expect(capabilities).not.toContain('quota:second_level');
    const spec = kit().newSpec();
    const refused = { ...spec, ...change(spec) };
    const error = await expectCode(kit().runtime.create(refused, { fence: 1 }), 'unsupported');
    expect(error.details.capability).toBe(capability);
    expect(await kit().runtime.inspect(spec.id)).toBeNull();
    expect(await kit().host(`ls /var/lib/berth/containers | grep -c ${spec.id} || true`)).toBe('0\n');
  });
});
